/* What the launcher says to the worker; protocol.c has the words. */
#include "launcher.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LARGE = 1024 * 1024, STARTED = 2, EXIT = 4 };

static struct buffer out;
static bool is_urgent, tells_of_ends;

/* Makes room for so many more bytes. Without memory for what the worker says, the launcher is of no use to it. */
unsigned char *room(struct buffer *buffer, size_t length)
{
  if (buffer->start == buffer->end) buffer->start = buffer->end = 0;
  /* After one large frame, the memory is given back. */
  if (buffer->end == 0 && buffer->size > LARGE && length <= LARGE) {
    free(buffer->bytes);
    *buffer = (struct buffer){ 0 };
  }
  if (buffer->end + length > buffer->size) {
    size_t used = buffer->end - buffer->start, size = buffer->size == 0 ? READ_SIZE : buffer->size;
    while (size < used + length) size *= 2;
    unsigned char *bytes = malloc(size);
    if (bytes == NULL) abort();
    if (used > 0) memcpy(bytes, buffer->bytes + buffer->start, used);
    free(buffer->bytes);
    *buffer = (struct buffer){ bytes, size, 0, used };
  }
  return buffer->bytes + buffer->end;
}

unsigned char *put(unsigned char *at, uint64_t number, int length)
{
  for (int i = 0; i < length; i++) at[i] = (unsigned char)(number >> (8 * i));
  return at + length;
}

/* One frame: fields, then bytes as they are. Sent by send_events. */
static void queue_event(const unsigned char *fields, size_t length, const void *bytes, size_t bytes_length)
{
  unsigned char *at = put(room(&out, 4 + length + bytes_length), length + bytes_length, 4);
  memcpy(at, fields, length);
  if (bytes_length > 0) memcpy(at + length, bytes, bytes_length);
  out.end += 4 + length + bytes_length;
  if (fields[0] == EXIT) tells_of_ends = true;
  else if (fields[0] != STARTED) is_urgent = true;
}

size_t events_waiting(void)
{
  return out.end - out.start;
}

/* Not that something was started; nor that it ended, as long as the next start need not wait for the worker. */
bool has_urgent_events(void)
{
  return is_urgent || (tells_of_ends && !starts_wait());
}

/* Sends what the pipe takes. False: nobody reads any more. */
bool send_events(void)
{
  while (out.start < out.end) {
    ssize_t count = write(EVENTS_FD, out.bytes + out.start, out.end - out.start);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return true;
    if (count < 0) {
      out.start = out.end;
      return false;
    }
    out.start += (size_t)count;
  }
  is_urgent = tells_of_ends = false;
  return true;
}

void say_hello(void)
{
  unsigned char fields[7];
  put(put(put(fields, 1, 1), VERSION, 2), (uint64_t)getpid(), 4);
  queue_event(fields, sizeof fields, NULL, 0);
}

void say_started(const struct run *run)
{
  unsigned char fields[17], *at = put(fields, STARTED, 1);
  at = put(put(put(at, run->id, 4), (uint64_t)run->pid, 4), run->start_time, 8);
  queue_event(fields, (size_t)(at - fields), NULL, 0);
}

void say_start_failed(uint32_t run, int error, enum stage stage)
{
  unsigned char fields[10], *at = put(fields, 3, 1);
  at = put(put(put(at, run, 4), (uint64_t)error, 4), stage, 1);
  queue_event(fields, (size_t)(at - fields), NULL, 0);
}

static uint64_t to_us(struct timeval time)
{
  return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_usec;
}

void say_exit(const struct run *run)
{
  const struct log *log = &run->log;
  /* What is sent along is kept, whatever became of the file. */
  bool lost = !log->is_small;
  unsigned char fields[96], *at = put(fields, EXIT, 1);
  at = put(put(at, run->id, 4), run->cause, 1);
  at = put(put(at, (uint32_t)run->exit_code, 4), (uint64_t)run->signal, 4);
  at = put(put(at, run->ended_at, 8), run->ended_at - run->started_at, 8);
  at = put(put(at, to_us(run->usage.ru_utime), 8), to_us(run->usage.ru_stime), 8);
  at = put(put(put(at, (uint64_t)run->usage.ru_maxrss, 8), run->killed, 4), run->orphans, 4);
  at = put(put(at, log->printed, 8), lost ? log->cut + log->lost : 0, 8);
  at = put(put(put(at, lost ? (uint64_t)log->error : 0, 4), log->has_file, 1), log->is_small, 1);
  at = put(at, log->small_length, 4);
  queue_event(fields, (size_t)(at - fields), log->small, log->small_length);
}

void say_output(const struct run *run, enum stream stream, const void *bytes, size_t length)
{
  unsigned char fields[6], *at = put(put(fields, 5, 1), run->id, 4);
  put(at, stream == OUT ? 1 : 2, 1);
  queue_event(fields, sizeof fields, bytes, length);
}

void say_error(uint32_t run, enum error_code code, const char *message)
{
  unsigned char fields[10], *at = put(put(put(fields, 6, 1), run, 4), code, 1);
  size_t length = strlen(message);
  put(at, length, 4);
  queue_event(fields, sizeof fields, message, length + 1);
}
