/*
 * What a run printed. The same words stand in src/output/records.ts.
 *
 * A log is the 8 bytes "\1QCTLOG\n" and records, in the order in which the output was read. Numbers are little endian.
 *
 *   record   u64 time in microseconds since the epoch, u24 length, u8 kind, then so many bytes
 *   kind 1   what the process wrote to its standard output
 *   kind 2   what it wrote to its standard error
 *   kind 3   a gap: u64 bytes of output that are missing here, u64 offset in the file at which to read on
 *   kind 4   a remark of the launcher, text in UTF-8 without a line's end
 *
 * A log with a cap keeps the first half of it and the last. A gap record closes the first half. From then on the
 * file grows as before, but what lies too far behind its end is cut out as a hole, so that the disk holds no more
 * than the cap; before each cut the gap record is rewritten in place: more bytes missing, a later offset. So the file
 * is only ever appended to, and whoever follows it reads on as in any file. Behind the gap a reader must look at the
 * gap record again after each read: if its offset is now beyond what was read, that may have been cut out meanwhile;
 * it is thrown away, and reading goes on at the new offset. Where the file system knows no holes, the log ends at its
 * cap, with a gap. A record that ends beyond the end of the file was cut short by a crash.
 */
#include "launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { INLINE_BYTES = 16 * 1024, SMALL_SIZE = 24 * 1024, HEADER = 12, GAP_SIZE = HEADER + 16, PAGE = 4096 };
enum kind { KIND_OUT = 1, KIND_ERR = 2, KIND_GAP = 3, KIND_REMARK = 4 };
static const char magic[8] = { 1, 'Q', 'C', 'T', 'L', 'O', 'G', '\n' };

static void put_header(unsigned char *to, enum kind kind, size_t length)
{
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  put(put(put(to, (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000, 8), length, 3), kind, 1);
}

/* Makes the directories above a file, 0700 by our umask. True when the file's own exists now. */
bool make_directories(const char *file)
{
  char path[4096];
  size_t length = strlen(file);
  if (length >= sizeof path) return false;
  memcpy(path, file, length + 1);
  for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    if (mkdir(path, 0700) < 0 && errno != EEXIST) return false;
    *slash = '/';
  }
  return true;
}

void log_begin(struct log *log, const char *file, uint64_t cap)
{
  *log = (struct log){ .file = strdup(file), .fd = -1, .is_small = true, .cap = cap };
}

static void lose(struct log *log, size_t output, int error)
{
  log->lost += output;
  log->lost_here += output;
  if (log->error == 0) log->error = error;
}

/* Writes one piece at the end of the file. A record that does not fit whole is as if it had not been written. */
static bool append(struct log *log, const void *head, size_t head_length, const void *body, size_t length)
{
  const struct iovec parts[2] = { { (void *)head, head_length }, { (void *)body, length } };
  ssize_t total = (ssize_t)(head_length + length), done;
  do done = pwritev(log->fd, parts, 2, (off_t)log->end);
  while (done < 0 && errno == EINTR);
  /* Only for want of room is less written than asked for. */
  if (done >= 0 && done < total) errno = ENOSPC;
  if (done == total) log->end += (uint64_t)done;
  return done == total;
}

static bool append_gap(struct log *log, uint64_t missing, uint64_t resume)
{
  unsigned char gap[GAP_SIZE];
  put_header(gap, KIND_GAP, GAP_SIZE - HEADER);
  put(put(gap + HEADER, missing, 8), resume, 8);
  return append(log, gap, sizeof gap, NULL, 0);
}

/* Cuts out whole steps between two marks, until the last half of the cap is left. */
static void cut(struct log *log)
{
  uint64_t before = log->resume, end = log->end;
  while (log->first_mark < log->next_mark && end - log->resume > log->cap / 2) {
    struct mark mark = log->marks[log->first_mark++ % MARKS];
    log->resume = mark.offset;
    log->cut = mark.kept - log->kept_before_gap;
  }
  if (log->resume == before) return;
  log->end = log->gap;
  bool told = append_gap(log, log->cut, log->resume);
  log->end = end;
  uint64_t from = (log->gap + GAP_SIZE + PAGE - 1) / PAGE * PAGE, to = log->resume / PAGE * PAGE;
  if (told && to > from &&
      fallocate(log->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)from, (off_t)(to - from)) < 0)
    log->is_full = true;
}

/* Makes room below the cap for a record at the end of the file. */
static void keep_to_cap(struct log *log, size_t length)
{
  if (log->cap == 0 || log->is_full) return;
  if (log->gap == 0) {
    uint64_t at = log->end;
    if (at + HEADER + length <= log->cap / 2 || !append_gap(log, 0, at + GAP_SIZE)) return;
    log->gap = at;
    log->resume = log->end;
    log->kept_before_gap = log->kept;
  }
  uint64_t last = log->next_mark == 0 ? log->resume : log->marks[(log->next_mark - 1) % MARKS].offset;
  if (log->end >= last + log->cap / 2 / (MARKS - 2) && log->next_mark - log->first_mark < MARKS)
    log->marks[log->next_mark++ % MARKS] = (struct mark){ log->end, log->kept };
  cut(log);
}

static void write_record(struct log *log, const unsigned char *header, const void *bytes, size_t length, size_t output)
{
  if (log->end == 0 && log->fd >= 0) append(log, magic, sizeof magic, NULL, 0);
  keep_to_cap(log, length);
  if (log->fd < 0 || log->is_full) return lose(log, output, 0);
  if (log->lost_here > 0 && append_gap(log, log->lost_here, log->end + GAP_SIZE))
    log->lost_here = 0;
  if (append(log, header, HEADER, bytes, length)) log->kept += output;
  else lose(log, output, errno);
}

/* Opens the file for what was printed so far and what will be. A symlink in its place is never followed. */
void log_open(struct log *log)
{
  if (log->fd != -1 || log->file == NULL) return;
  /* Always a new one: what lies there (a database was restored) is not ours to mix with. */
  int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY;
  for (int attempt = 0; attempt < 3 && log->fd < 0; attempt++) {
    log->fd = open(log->file, flags, 0600);
    if (log->fd >= 0 || !(errno == ENOENT ? make_directories(log->file) : errno == EEXIST && unlink(log->file) == 0))
      break;
  }
  if (log->fd < 0) {
    log->fd = -2;
    return lose(log, log->printed, errno);
  }
  log->has_file = true;
  if (log->small_length == 0) return;
  if (append(log, log->small, log->small_length, NULL, 0)) log->kept = log->printed;
  else lose(log, log->printed, errno);
}

static bool fits_small(struct log *log, size_t length)
{
  if (!log->is_small || log->printed > INLINE_BYTES) return false;
  if (log->small == NULL && (log->small = malloc(SMALL_SIZE)) != NULL) {
    memcpy(log->small, magic, sizeof magic);
    log->small_length = sizeof magic;
  }
  return log->small != NULL && log->small_length + HEADER + length <= SMALL_SIZE;
}

static void record(struct log *log, enum kind kind, const void *bytes, size_t length)
{
  unsigned char header[HEADER];
  size_t output = kind == KIND_REMARK ? 0 : length;
  put_header(header, kind, length);
  log->printed += output;
  if (fits_small(log, length)) {
    memcpy(log->small + log->small_length, header, HEADER);
    memcpy(log->small + log->small_length + HEADER, bytes, length);
    log->small_length += HEADER + (uint32_t)length;
    if (log->fd == -1) return;
  } else {
    log->printed -= output; /* log_open reports what is in `small` */
    log_open(log);
    log->printed += output;
    log->is_small = false;
    free(log->small);
    log->small = NULL;
    log->small_length = 0;
  }
  write_record(log, header, bytes, length, output);
}

void log_write(struct log *log, enum stream stream, const void *bytes, size_t length)
{
  record(log, stream == OUT ? KIND_OUT : KIND_ERR, bytes, length);
}

void log_remark(struct log *log, const char *text)
{
  record(log, KIND_REMARK, text, strlen(text));
}

/* Leaves the file whole: a gap where its end is missing, nothing of a record that was cut short. */
void log_end(struct log *log)
{
  if (log->fd >= 0 && log->lost > 0) {
    if (log->lost_here > 0 && log->end > 0) append_gap(log, log->lost_here, log->end + GAP_SIZE);
    if (ftruncate(log->fd, (off_t)log->end) < 0 && log->error == 0) log->error = errno;
  }
  if (log->fd >= 0 && close(log->fd) < 0 && log->error == 0) log->error = errno;
  log->fd = -2;
}
