/* Obeys what the worker says, and keeps the starts that wait for a place. */
#include "launcher.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LARGEST_FRAME = 8 * 1024 * 1024 };

static struct buffer in;

/* A start that waits for a place: its command, without the type. First come, first started. */
struct waiting {
  struct waiting *next;
  uint32_t run, places, length;
  unsigned char fields[];
};
static struct waiting *first_waiting, **end_of_waiting = &first_waiting;
static uint32_t waiting_count;

bool waits(uint32_t run)
{
  const struct waiting *waiting = first_waiting;
  while (waiting != NULL && waiting->run != run) waiting = waiting->next;
  return waiting != NULL;
}

/* Keeps the command until there is a place. */
static void wait_for_place(const struct start *start, const unsigned char *fields, uint32_t length)
{
  struct waiting *waiting = waiting_count < MAX_RUNS ? malloc(sizeof *waiting + length) : NULL;
  if (waiting == NULL) return say_start_failed(start->run, EAGAIN, MACHINE);
  *waiting = (struct waiting){ .run = start->run, .places = start->places, .length = length };
  memcpy(waiting->fields, fields, length);
  *end_of_waiting = waiting;
  end_of_waiting = &waiting->next;
  waiting_count++;
}

static void remove_waiting(struct waiting **link)
{
  struct waiting *waiting = *link;
  *link = waiting->next;
  if (end_of_waiting == &waiting->next) end_of_waiting = link;
  waiting_count--;
}

static void command_start(struct fields *from)
{
  unsigned char *fields = from->at;
  struct start start = take_start(from);
  if (from->bad != NULL) say_error(start.run, REFUSED, from->bad);
  else if (start.places > 0 && (starts_wait() || count_runs() >= start.places))
    wait_for_place(&start, fields, (uint32_t)(from->end - fields));
  else start_run(&start);
  free(start.argv);
  free(start.env);
}

bool starts_wait(void)
{
  return first_waiting != NULL;
}

void start_waiting(void)
{
  while (first_waiting != NULL && count_runs() < first_waiting->places) {
    struct waiting *next = first_waiting;
    remove_waiting(&first_waiting);
    struct fields from = { next->fields, next->fields + next->length, NULL };
    struct start start = take_start(&from);
    if (from.bad == NULL) start_run(&start);
    else say_start_failed(next->run, ENOMEM, MACHINE); /* all else was checked when it came */
    free(start.argv);
    free(start.env);
    free(next);
  }
}

void withdraw(uint32_t run)
{
  for (struct waiting **link = &first_waiting; *link != NULL;) {
    struct waiting *waiting = *link;
    if (run != 0 && waiting->run != run) {
      link = &waiting->next;
      continue;
    }
    remove_waiting(link);
    say_start_failed(waiting->run, ECANCELED, WITHDRAWN);
    free(waiting);
  }
}

static void command_withdraw(struct fields *from)
{
  if (is_whole(from)) withdraw(0);
  else say_error(0, REFUSED, from->bad);
}

static void command_shared(struct fields *from)
{
  size_t length = (size_t)(from->end - from->at);
  unsigned char *copy = malloc(length + 1);
  if (copy == NULL || shared_words != NULL) from->bad = shared_words == NULL ? strerror(ENOMEM) : "the shared environment comes once";
  if (copy != NULL) memcpy(copy, from->at, length);
  struct fields fields = { copy, copy + length, from->bad };
  char **words = take_words(&fields);
  if (is_whole(&fields)) shared_words = words;
  else say_error(0, REFUSED, fields.bad);
  if (fields.bad != NULL) free(words);
  /* The words lead into the copy. */
  if (fields.bad != NULL || *words == NULL) free(copy);
}

static void command_end(struct fields *from, bool now)
{
  uint32_t id = take_u32(from), signal = now ? SIGKILL : take_u32(from), grace_ms = now ? 0 : take_u32(from);
  if (is_whole(from) && (signal < 1 || signal > 64)) from->bad = "no such signal";
  if (from->bad != NULL) return say_error(id, REFUSED, from->bad);
  if (id != 0) withdraw(id);
  struct run *run = find_run(id);
  if (run != NULL) end_run(run, ENDED, (int)signal, signal == SIGKILL ? 0 : grace_ms);
}

static void command_deadline(struct fields *from)
{
  uint64_t sent_at = take_number(from, 8);
  uint32_t term_ms = take_u32(from), kill_ms = take_u32(from);
  if (is_whole(from) && (term_ms > kill_ms || sent_at > mono_us())) from->bad = "the deadline is not right";
  if (from->bad != NULL) return say_error(0, REFUSED, from->bad);
  set_deadline(sent_at, term_ms, kill_ms);
}

static bool command_hello(struct fields *from)
{
  uint64_t version = take_number(from, 2);
  const char *lock = take_text(from, LONGEST_PATH);
  if (from->bad == NULL && (version != VERSION || from->at != from->end)) from->bad = "another version";
  if (from->bad == NULL && *lock != '\0' && !take_lock(lock)) from->bad = strerror(errno);
  if (from->bad != NULL) {
    say_error(0, GARBAGE, from->bad);
    return false;
  }
  say_hello();
  return true;
}

static uint32_t frame_length(void)
{
  struct fields fields = { in.bytes + in.start, in.bytes + in.end, NULL };
  return take_u32(&fields);
}

static bool command(unsigned char *body, uint32_t length)
{
  static bool greeted;
  struct fields fields = { body + 1, body + length, NULL };
  if (greeted != (*body != 1)) {
    say_error(0, GARBAGE, "hello comes first, and once");
    return false;
  }
  switch (*body) {
  case 1:
    greeted = true;
    return command_hello(&fields);
  case 2:
    command_start(&fields);
    return true;
  case 3:
  case 4:
    command_end(&fields, *body == 4);
    return true;
  case 5:
    command_deadline(&fields);
    return true;
  case 6:
    command_withdraw(&fields);
    return true;
  case 7:
    command_shared(&fields);
    return true;
  default:
    say_error(0, UNKNOWN, "unknown command");
    return true;
  }
}

/* Reads what is there and obeys it. False: the commands have ended, or are garbage; there is no more to read. */
bool read_commands(void)
{
  size_t wanted = READ_SIZE;
  if (in.end - in.start >= 4) wanted += frame_length();
  ssize_t count = read(COMMANDS_FD, room(&in, wanted), READ_SIZE);
  if (count < 0) return errno == EAGAIN || errno == EINTR;
  in.end += (size_t)count;
  while (in.end - in.start >= 4) {
    uint32_t length = frame_length();
    if (length == 0 || length > LARGEST_FRAME) {
      say_error(0, GARBAGE, "a frame of no possible length");
      return false;
    }
    if (in.end - in.start < 4 + (size_t)length) break;
    unsigned char *body = in.bytes + in.start + 4;
    in.start += 4 + (size_t)length;
    if (!command(body, length)) return false;
  }
  return count > 0;
}
