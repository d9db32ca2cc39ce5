/*
 * What the worker and the launcher say to each other. The same words stand in src/launcher/protocol.ts.
 *
 * Frames over two inherited descriptors: commands on 0, events on 1. Numbers are little endian.
 *
 *   frame   u32 length of what follows (1 byte to 8 MiB), u8 type, the fields
 *   text    u32 length, so many bytes without a NUL, a NUL
 *   bytes   u32 length, so many bytes
 *   words   u32 count, u32 length, so many bytes: each word and a NUL
 *
 * Commands
 *
 *   1 hello     u16 version (3), text lock file (empty: none). Comes first, and once.
 *   2 start     u32 run (any number but 0 that is not in use), u32 flags, u64 timeout in ms (0: none),
 *               u32 grace in ms, u64 cap of the log in bytes (0: none; else at least 256 KiB),
 *               u32 user, u32 group, u32 umask, i32 nice, u64 bytes of memory, u64 seconds of CPU time,
 *               u64 open files, u64 processes (limits; 0: none), u32 places (0: it starts at once; else it waits, in
 *               order, until fewer runs than this go on), text token (A-Z a-z 0-9 _ -, 1 to 128), text note file,
 *               text draft (the file that is written and becomes the note; made if missing), text output file,
 *               text directory (empty: the launcher's own), bytes standard input, words argv, words environment
 *               flags: 1 argv is one line for the shell, 4 forward the output, 8 add the shared environment,
 *               16 let stragglers live, 32 standard input names a file, 64 it is the input itself,
 *               128 set user and group, 256 set the umask, 512 set nice
 *   3 end       u32 run, u32 signal (1 to 64), u32 grace in ms: the signal, then KILL after the grace
 *   4 end now   u32 run: KILL
 *   5 deadline  u64 when the lease was asked for (us, CLOCK_MONOTONIC), u32 ms from then to TERM, u32 ms to KILL
 *               (both 0: there is no lease). It holds for every run, until the next such command.
 *   6 withdraw  every start that still waits is forgotten. It changes nothing for what was started.
 *   7 shared    words environment: what the starts with flag 8 have in common. A start's own words win over it.
 *               Comes once, before the first of them.
 *   The end of the commands means that the worker is gone: what waits is never started, every run gets TERM, after
 *   1 s KILL. An end for a start that waits withdraws it; an end for a run that is over changes nothing.
 *
 * Events
 *
 *   1 hello         u16 version, u32 pid of the launcher
 *   2 started       u32 run, u32 pid, u64 start time (clock ticks since the boot, as in /proc/<pid>/stat)
 *   3 start failed  u32 run, u32 errno, u8 stage (1 the machine, 2 note, 3 directory, 4 standard input, 5 user,
 *                   6 limits, 7 exec, 8 the lease is over, 9 withdrawn: it waited, and nothing of it was done)
 *   4 exit          u32 run, u8 cause (1 by itself, 2 timeout, 3 end, 4 lease), i32 exit code (-1: none), u32 signal
 *                   (0: none), u64 when it ended (us, CLOCK_MONOTONIC), u64 wall us, u64 user us, u64 system us,
 *                   u64 peak memory in KiB, u32 stragglers killed, u32 processes that could not be killed,
 *                   u64 bytes printed, u64 of these not kept, u32 errno of the first loss (0: none),
 *                   u8 a file was written, u8 the bytes are all of the log, bytes log. While starts wait, the news
 *                   of an end may be up to 20 ms late.
 *   5 output        u32 run, u8 stream (1 out, 2 error), the rest: what was printed
 *   6 error         u32 run (0: none), u8 code (1 garbage: every run is ended as at the end of the commands,
 *                   2 unknown type, 3 refused), text. A start that was refused gets no other event.
 */
#include "launcher.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { SMALLEST_CAP = 256 * 1024, NUMBERS_SIZE = offsetof(struct start, places) + sizeof(uint32_t) };
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the numbers of a start are copied as they are");

/* What the starts with SHARED have in common. */
char **shared_words;

static unsigned char *take(struct fields *from, size_t length)
{
  if (from->bad == NULL && length > (size_t)(from->end - from->at)) from->bad = "too short";
  if (from->bad != NULL) return NULL;
  from->at += length;
  return from->at - length;
}

uint64_t take_number(struct fields *from, size_t length)
{
  const unsigned char *bytes = take(from, length);
  uint64_t number = 0;
  for (size_t i = 0; bytes != NULL && i < length; i++) number |= (uint64_t)bytes[i] << (8 * i);
  return number;
}

uint32_t take_u32(struct fields *from)
{
  return (uint32_t)take_number(from, 4);
}

const char *take_text(struct fields *from, size_t longest)
{
  uint32_t length = take_u32(from);
  const char *text = (const char *)take(from, (size_t)length + 1);
  if (text == NULL) return "";
  if (length > longest || memchr(text, '\0', (size_t)length + 1) != text + length) from->bad = "a text is not right";
  return from->bad == NULL ? text : "";
}

/* The words as an array that ends with NULL; the caller frees it. */
char **take_words(struct fields *from)
{
  uint32_t count = take_u32(from), length = take_u32(from), found = 0;
  char *bytes = (char *)take(from, length);
  if (bytes == NULL) return NULL;
  char *end = bytes + length;
  char **words = count <= length ? malloc(((size_t)count + 1) * sizeof *words) : NULL;
  while (words != NULL && bytes < end && found < count) {
    char *stop = memchr(bytes, '\0', (size_t)(end - bytes));
    if (stop == NULL) break;
    words[found++] = bytes;
    bytes = stop + 1;
  }
  if (words == NULL || bytes != end || found != count) {
    from->bad = "a list of words is not right";
    free(words);
    return NULL;
  }
  words[count] = NULL;
  return words;
}

/* An environment on top of another. Of two values for a name the first stands. The caller frees it. */
static char **add_words(char **own, char **others)
{
  size_t count = 0, more = 0;
  while (own[count] != NULL) count++;
  while (others[more] != NULL) more++;
  char **both = malloc((count + more + 1) * sizeof *both);
  if (both == NULL) return NULL;
  memcpy(both, own, count * sizeof *both);
  for (size_t end = count; *others != NULL; others++) {
    size_t name = strcspn(*others, "="), i = 0;
    while (i < end && (strncmp(own[i], *others, name) != 0 || own[i][name] != '=')) i++;
    if (i == end) both[count++] = *others;
  }
  both[count] = NULL;
  return both;
}

/* Whether all of the command was right, and there is no more of it. */
bool is_whole(struct fields *from)
{
  if (from->bad == NULL && from->at != from->end) from->bad = "too long";
  return from->bad == NULL;
}

static bool is_token(const char *text)
{
  static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
  return *text != '\0' && text[strspn(text, allowed)] == '\0';
}

static const char *check_start(const struct start *start)
{
  if (start->run == 0 || find_run(start->run) != NULL || waits(start->run)) return "the run's number is not free";
  if ((start->flags & ~(uint32_t)ALL_FLAGS) != 0) return "unknown flags";
  if ((start->flags & (STDIN_FILE | STDIN_BYTES)) == (STDIN_FILE | STDIN_BYTES)) return "two inputs";
  if ((start->flags & STDIN_FILE) != 0 && memchr(start->stdin_bytes, '\0', start->stdin_length) !=
                                             start->stdin_bytes + start->stdin_length - 1)
    return "the name of the input is not right";
  if ((start->flags & SHELL) != 0 && start->argv[0] != NULL && start->argv[1] != NULL) return "more than one line for the shell";
  if (start->argv[0] == NULL) return "nothing to run";
  if (!is_token(start->token)) return "the token is not right";
  if (*start->note == '\0' || *start->draft == '\0' || *start->output == '\0') return "a file has no name";
  if (start->cap != 0 && start->cap < SMALLEST_CAP) return "the cap is too small";
  if ((start->flags & SHARED) != 0 && shared_words == NULL) return "no environment is shared";
  if (start->umask > 0777) return "the umask is not right";
  if (start->nice < -20 || start->nice > 19) return "nice is not right";
  /* As numbers of a user they mean "leave it as it is". */
  if (start->uid == UINT32_MAX || start->gid == UINT32_MAX) return "the user is not right";
  return NULL;
}

/* Reads and checks a start. The caller frees its argv and env, whatever became of it. */
struct start take_start(struct fields *from)
{
  struct start start = { 0 };
  const void *numbers = take(from, NUMBERS_SIZE);
  if (numbers != NULL) memcpy(&start, numbers, NUMBERS_SIZE);
  start.token = take_text(from, TOKEN_LENGTH);
  start.note = take_text(from, LONGEST_PATH);
  start.draft = take_text(from, LONGEST_PATH);
  start.output = take_text(from, LONGEST_PATH);
  start.directory = take_text(from, LONGEST_PATH);
  start.stdin_length = take_u32(from);
  start.stdin_bytes = (const char *)take(from, start.stdin_length);
  start.argv = take_words(from);
  start.env = take_words(from);
  if (is_whole(from)) from->bad = check_start(&start);
  if (from->bad == NULL && (start.flags & SHARED) != 0) {
    char **own = start.env;
    start.env = add_words(own, shared_words);
    free(own);
    if (start.env == NULL) from->bad = strerror(ENOMEM);
  }
  return start;
}
