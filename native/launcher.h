/*
 * The launcher starts, watches and ends the processes of one worker, and outlives none of them.
 *
 *   main.c      the loop: commands, pipes, ends of processes, time
 *   protocol.c  what the worker and the launcher say to each other; how the worker's words are read
 *   commands.c  obeys them, and keeps the starts that wait
 *   events.c    what the launcher says
 *   start.c     from a command to a running process
 *   watch.c     from a running process to the report of its end
 *   orphans.c   processes that left the one we started
 *   log.c       what a run printed
 */
#ifndef QUEUECTL_LAUNCHER_H
#define QUEUECTL_LAUNCHER_H
#define _GNU_SOURCE
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#define NEVER UINT64_MAX
enum { MAX_RUNS = 1024, TOKEN_LENGTH = 128, READ_SIZE = 64 * 1024 };

/* What ended a run first. The numbers are the protocol's. */
enum cause { RUNS_ON = 0, EXITED = 1, TIMED_OUT = 2, ENDED = 3, LEASE_OVER = 4 };

/* Where a start failed. The numbers are the protocol's. */
enum stage { MACHINE = 1, NOTE, DIRECTORY, STDIN, USER, LIMITS, EXEC, LEASE, WITHDRAWN };

enum phase {
  FREE,
  RUNNING,    /* the process we started, its leader, lives or has not been seen to end */
  STRAGGLING, /* the leader is a zombie of ours, which keeps its number from being given away; others may live */
  LEFT,       /* reported; what it left is let live, and read from so that it is not killed for talking */
};

enum stream { OUT = 0, ERR = 1 };

/* What a run printed; described in log.c. */
enum { MARKS = 32 };
struct mark {
  uint64_t offset, kept;
};
struct log {
  char *file;
  int fd;    /* -1: not opened yet; -2: cannot be opened */
  int error; /* errno of the first loss */
  bool is_small, is_full, has_file;
  uint64_t cap, printed, kept, lost, lost_here, cut;
  uint64_t end, gap, resume, kept_before_gap;
  uint32_t first_mark, next_mark;
  struct mark marks[MARKS];
  unsigned char *small; /* all of it, while is_small and anything was printed */
  uint32_t small_length;
};

struct run {
  uint32_t id; /* the worker's number for it, not 0 */
  enum phase phase;
  enum cause cause;
  pid_t pid; /* leader, group and session */
  uint64_t start_time;
  int pidfd, pipes[2]; /* -1: closed */
  char token[TOKEN_LENGTH + 1];
  bool leave, forward, paused, killing;
  uint32_t grace_ms, orphans, killed;
  uint64_t timeout_at, kill_at, file_at, give_up_at; /* us on CLOCK_BOOTTIME, or NEVER */
  uint64_t started_at, ended_at;                     /* us on CLOCK_MONOTONIC */
  int exit_code, signal;                             /* -1 and 0: none */
  struct rusage usage;
  struct log log;
};

/*
 * One command to start a run. The numbers stand here as they do in its frame; the pointers lead into that, but for
 * argv and env themselves.
 */
struct start {
  struct __attribute__((packed)) {
    uint32_t run, flags;
    uint64_t timeout_ms;
    uint32_t grace_ms;
    uint64_t cap;
    uint32_t uid, gid, umask;
    int32_t nice;
    uint64_t memory, cpu_seconds, open_files, processes;
    uint32_t places;
  };
  const char *token, *note, *draft, *output, *directory, *stdin_bytes;
  uint32_t stdin_length;
  char **argv, **env;
};
enum {
  SHELL = 1,
  FORWARD = 4,
  SHARED = 8,
  LEAVE = 16,
  STDIN_FILE = 32,
  STDIN_BYTES = 64,
  HAS_USER = 128,
  HAS_UMASK = 256,
  HAS_NICE = 512,
  ALL_FLAGS = SHELL | FORWARD | SHARED | LEAVE | STDIN_FILE | STDIN_BYTES | HAS_USER | HAS_UMASK | HAS_NICE,
};

/* main.c */
enum { COMMANDS_FD = 0, EVENTS_FD = 1 };
enum kind_of_fd { COMMANDS, EVENTS, TIMER, PIPE_OUT, PIPE_ERR, LEADER };
extern int null_fd;
extern mode_t worker_umask;
uint64_t now_us(void);  /* CLOCK_BOOTTIME: it goes on while the machine sleeps */
uint64_t mono_us(void); /* CLOCK_MONOTONIC, which the worker reads, too */
void watch_fd(int fd, const struct run *run, enum kind_of_fd kind);
void unwatch_fd(int fd);
bool take_lock(const char *file);

/* protocol.c */
enum { VERSION = 3, LONGEST_PATH = 4095 };
/* A command being read. Once a field was not there or not right, all the others are empty and `bad` says why. */
struct fields {
  unsigned char *at, *end;
  const char *bad;
};
extern char **shared_words; /* what the starts with SHARED have in common; NULL: not told yet */
uint64_t take_number(struct fields *from, size_t length);
uint32_t take_u32(struct fields *from);
const char *take_text(struct fields *from, size_t longest);
char **take_words(struct fields *from);
struct start take_start(struct fields *from);
bool is_whole(struct fields *from);

/* commands.c */
bool read_commands(void); /* false: end of file, or garbage; nothing more will be read */
bool waits(uint32_t run);
bool starts_wait(void);
void start_waiting(void);    /* those that have a place now */
void withdraw(uint32_t run); /* the start of this run, or with 0 every one, if it still waits */

/* events.c */
enum error_code { GARBAGE = 1, UNKNOWN, REFUSED };
struct buffer { /* bytes on their way in or out */
  unsigned char *bytes;
  size_t size, start, end;
};
unsigned char *put(unsigned char *at, uint64_t number, int length); /* little endian; where it ends */
unsigned char *room(struct buffer *buffer, size_t length); /* for so many more bytes, at its end */
void say_hello(void);
bool send_events(void); /* false: nobody reads any more */
size_t events_waiting(void);
bool has_urgent_events(void);
void say_started(const struct run *run);
void say_start_failed(uint32_t run, int error, enum stage stage);
void say_exit(const struct run *run);
void say_output(const struct run *run, enum stream stream, const void *bytes, size_t length);
void say_error(uint32_t run, enum error_code code, const char *message);

/* start.c */
bool prepare_starts(void);
void start_run(const struct start *start);

/* watch.c */
extern struct run runs[MAX_RUNS];
extern int used_runs; /* those from here on are free */
bool goes_on(const struct run *run); /* it has been started, and not been reported */
struct run *take_slot(void);
void add_usage(struct rusage *sum, const struct rusage *more);
struct run *find_run(uint32_t id);
void set_deadline(uint64_t sent_at, uint32_t term_ms, uint32_t kill_ms);
bool lease_is_over(void);
void close_fd(int *fd); /* if it is open; -1 from then on */
void read_pipe(struct run *run, enum stream stream);
void pause_forwarding(bool pause);
bool leader_ended(struct run *run);
void end_run(struct run *run, enum cause cause, int signal, uint64_t grace_ms);
void end_all(enum cause cause, uint64_t grace_ms);
uint32_t count_runs(void); /* that are not over */
void progress(void);
void look_again_soon(void);
uint64_t next_due(void);

/* orphans.c */
struct process {
  pid_t pid, parent, group, session;
  uint64_t start_time; /* clock ticks since the boot */
};
size_t read_file(const char *file, char *text, size_t size);
bool read_process(pid_t pid, struct process *process);
bool prepare_orphans(void);
bool look_at_orphans(void); /* counts run->orphans, reaps what ended, kills what must go: true while there is some */
void signal_outsiders(const struct run *run, int signal);

/* log.c */
void log_begin(struct log *log, const char *file, uint64_t cap);
void log_write(struct log *log, enum stream stream, const void *bytes, size_t length);
void log_remark(struct log *log, const char *text);
void log_open(struct log *log);
void log_end(struct log *log);
bool make_directories(const char *file);
#endif
