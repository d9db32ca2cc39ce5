/*
 * From a command to a running process.
 *
 * The child borrows our memory until it executes the program (clone with CLONE_VM and CLONE_VFORK): nothing of ours is
 * copied, whatever our size, and what it writes into `struct attempt` we can read. We stand still meanwhile. So the
 * child makes system calls and little else.
 */
#include "launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* execvp copies the argv onto the stack when it falls back to the shell; untouched pages cost nothing. */
enum { STACK_SIZE = 8 * 1024 * 1024, FILE_AFTER_MS = 50, NOTE_SIZE = TOKEN_LENGTH + 256 };

struct attempt {
  const struct start *start;
  int in, pipes[2]; /* the child's ends */
  pid_t launcher;
  /* What the child says. */
  volatile enum stage stage;
  volatile int error;
  volatile uint64_t start_time;
};

static char *stack, boot_id[64], oom_score[16];
static pid_t our_pid;
extern char **environ;

bool prepare_starts(void)
{
  char ours[16];
  our_pid = getpid();
  stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  read_file("/proc/sys/kernel/random/boot_id", boot_id, sizeof boot_id);
  boot_id[strcspn(boot_id, "\n")] = '\0';
  if (*boot_id == '\0') strcpy(boot_id, "unknown");
  /* When memory runs out, a job is the better victim. */
  read_file("/proc/self/oom_score_adj", ours, sizeof ours);
  int score = atoi(ours) + 500;
  snprintf(oom_score, sizeof oom_score, "%d", score > 1000 ? 1000 : score);
  return stack != MAP_FAILED;
}

/*
 * The note by which a rescuer finds this process; its form is that of src/launcher/run-note.ts. All notes have one length,
 * so that one is written over another in place, and appears under its name whole.
 */
static bool write_note(struct attempt *attempt)
{
  char text[NOTE_SIZE + 1];
  struct process self;
  if (!read_process(getpid(), &self)) return false;
  attempt->start_time = self.start_time;
  int length = snprintf(text, sizeof text, "{\"token\":\"%s\",\"pid\":%d,\"pid_start_time\":\"%llu\",\"boot_id\":\"%s\"}",
                        attempt->start->token, (int)self.pid, (unsigned long long)attempt->start_time, boot_id);
  memset(text + length, ' ', NOTE_SIZE - (size_t)length);
  int fd = open(attempt->start->draft, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, 0600);
  if (fd < 0) return false;
  bool written = write(fd, text, NOTE_SIZE) == NOTE_SIZE;
  if (!written && errno == 0) errno = ENOSPC;
  close(fd);
  return written && rename(attempt->start->draft, attempt->start->note) == 0;
}

static void volunteer_for_oom(void)
{
  int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (fd < 0) return;
  /* Best effort. */
  ssize_t ignored = write(fd, oom_score, strlen(oom_score));
  (void)ignored;
  close(fd);
}

static bool limit(int resource, uint64_t value)
{
  const struct rlimit both = { value, value };
  return value == 0 || setrlimit((__rlimit_resource_t)resource, &both) == 0;
}

/* SIGXCPU says why; KILL, a second later, is for who ignores it. With one value for both the kernel would kill at once. */
static bool limit_cpu(uint64_t seconds)
{
  struct rlimit now;
  if (seconds == 0) return true;
  if (getrlimit(RLIMIT_CPU, &now) < 0) return false;
  const struct rlimit both = { seconds, now.rlim_max == seconds ? seconds : seconds + 1 };
  return setrlimit(RLIMIT_CPU, &both) == 0;
}

/* To raise it is the right of the worker's user; lowered too early it would keep us from opening the input. */
static bool raise_open_files(uint64_t value)
{
  struct rlimit now;
  if (getrlimit(RLIMIT_NOFILE, &now) < 0) return false;
  return value <= now.rlim_cur || limit(RLIMIT_NOFILE, value);
}

static bool set_limits(const struct start *start)
{
  if ((start->flags & HAS_NICE) != 0 && setpriority(PRIO_PROCESS, 0, start->nice) < 0) return false;
  return limit(RLIMIT_AS, start->memory) && limit_cpu(start->cpu_seconds) && raise_open_files(start->open_files) &&
         limit(RLIMIT_NPROC, start->processes);
}

/* By system call: the library's functions would look for other threads. */
static bool become_user(const struct start *start)
{
  if ((start->flags & HAS_USER) == 0) return true;
  const gid_t groups[] = { start->gid };
  return syscall(SYS_setgroups, 1, groups) == 0 && syscall(SYS_setresgid, start->gid, start->gid, start->gid) == 0 &&
         syscall(SYS_setresuid, start->uid, start->uid, start->uid) == 0;
}

/* As the job's user and from its directory. A pipe with a name must not keep us waiting for its writer. */
static int open_stdin(const struct attempt *attempt)
{
  if ((attempt->start->flags & STDIN_FILE) == 0) return attempt->in;
  int fd = open(attempt->start->stdin_bytes, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  return fd < 0 || fcntl(fd, F_SETFL, 0) < 0 ? -1 : fd;
}

/* The sanitizer would look for this stack among the threads' when a function does not return. */
#define FOREIGN_STACK __attribute__((no_sanitize("address")))

FOREIGN_STACK static int fail(struct attempt *attempt, enum stage stage)
{
  attempt->stage = stage;
  attempt->error = errno == 0 ? EINVAL : errno;
  _exit(127);
}

FOREIGN_STACK static int child(void *argument)
{
  struct attempt *attempt = argument;
  const struct start *start = attempt->start;
  setsid();
  errno = 0;
  if (!write_note(attempt)) return fail(attempt, NOTE);
  volunteer_for_oom();
  if (!set_limits(start)) return fail(attempt, LIMITS);
  if (!become_user(start)) return fail(attempt, USER);
  if (*start->directory != '\0' && chdir(start->directory) < 0) return fail(attempt, DIRECTORY);
  int in = open_stdin(attempt);
  if (in < 0) return fail(attempt, STDIN);
  /* Before the limit of open files, which may be lower than these numbers: they would stay the launcher's. */
  if (dup2(in, 0) < 0 || dup2(attempt->pipes[OUT], 1) < 0 || dup2(attempt->pipes[ERR], 2) < 0) return fail(attempt, STDIN);
  if (!limit(RLIMIT_NOFILE, start->open_files)) return fail(attempt, LIMITS);
  umask((start->flags & HAS_UMASK) != 0 ? start->umask : worker_umask);
  /* The last line, should we be killed. After the change of user, which clears it; and we may be dead already. */
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != attempt->launcher) _exit(127);
  /* All of ours close by themselves; this is for what a library may have opened. */
  syscall(SYS_close_range, 3, ~0U, 0);
  if ((start->flags & SHELL) != 0) {
    char *const words[] = { "/bin/sh", "-c", start->argv[0], NULL };
    execv(words[0], words);
  } else {
    /* It looks on the PATH in `environ`, which is the job's. */
    execvp(start->argv[0], start->argv);
  }
  return fail(attempt, EXEC);
}

/* The standard input: nothing, or the given bytes in a file without a name. */
static int make_stdin(const struct start *start)
{
  if ((start->flags & STDIN_BYTES) == 0) return null_fd;
  int fd = memfd_create("stdin", MFD_CLOEXEC);
  for (size_t done = 0; fd >= 0 && done < start->stdin_length;) {
    ssize_t count = pwrite(fd, start->stdin_bytes + done, start->stdin_length - done, (off_t)done);
    if (count <= 0) {
      close(fd);
      return -1;
    }
    done += (size_t)count;
  }
  return fd;
}

/* Only our end does not block, and that we make so ourselves. */
static bool make_pipe(int *ours, int *theirs)
{
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) < 0) return false;
  *ours = ends[0];
  *theirs = ends[1];
  return fcntl(*ours, F_SETFL, O_NONBLOCK) == 0;
}

/* Runs the child up to its exec. Returns its pid, or -1 with the stage and the error in the attempt. */
static pid_t launch(struct attempt *attempt, int *pidfd)
{
  char **ours = environ;
  attempt->error = 0;
  attempt->stage = MACHINE;
  environ = attempt->start->env;
  pid_t pid = clone(child, stack + STACK_SIZE, CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, attempt, pidfd);
  environ = ours;
  if (pid < 0) attempt->error = errno;
  if (pid < 0 || attempt->error == 0) return pid;
  waitpid(pid, NULL, 0);
  close_fd(pidfd);
  return -1;
}

static uint64_t after_ms(uint64_t now, uint64_t ms)
{
  return ms == 0 || ms >= (NEVER - now) / 1000 ? NEVER : now + ms * 1000;
}

static void begin(struct run *run, const struct start *start, pid_t pid, int pidfd, uint64_t start_time)
{
  uint64_t now = now_us();
  run->id = start->run;
  run->phase = RUNNING;
  run->cause = RUNS_ON;
  run->pid = pid;
  run->pidfd = pidfd;
  run->start_time = start_time;
  strcpy(run->token, start->token);
  run->leave = (start->flags & LEAVE) != 0;
  run->forward = (start->flags & FORWARD) != 0;
  run->grace_ms = start->grace_ms;
  run->timeout_at = after_ms(now, start->timeout_ms);
  run->file_at = now + FILE_AFTER_MS * 1000;
  run->kill_at = run->give_up_at = NEVER;
  log_begin(&run->log, start->output, start->cap);
  for (int i = 0; i < 2; i++)
    if (run->pipes[i] >= 0) watch_fd(run->pipes[i], run, i == OUT ? PIPE_OUT : PIPE_ERR);
  watch_fd(pidfd, run, LEADER);
  say_started(run);
}

void start_run(const struct start *start)
{
  if (lease_is_over()) return say_start_failed(start->run, ETIME, LEASE);
  struct run *run = take_slot();
  if (run == NULL) return say_start_failed(start->run, EAGAIN, MACHINE);
  run->started_at = mono_us();
  struct attempt attempt = {
    .start = start, .launcher = our_pid, .in = make_stdin(start), .pipes = { -1, -1 }, .stage = MACHINE
  };
  int pidfd = -1;
  pid_t pid = -1;
  if (attempt.in < 0 || !make_pipe(&run->pipes[OUT], &attempt.pipes[OUT]) ||
      !make_pipe(&run->pipes[ERR], &attempt.pipes[ERR]))
    attempt.error = errno;
  else pid = launch(&attempt, &pidfd);
  if (pid < 0 && attempt.stage == NOTE && attempt.error == ENOENT && make_directories(start->note))
    pid = launch(&attempt, &pidfd);
  if (attempt.in != null_fd) close_fd(&attempt.in);
  close_fd(&attempt.pipes[OUT]);
  close_fd(&attempt.pipes[ERR]);
  if (pid >= 0) return begin(run, start, pid, pidfd, attempt.start_time);
  close_fd(&run->pipes[OUT]);
  close_fd(&run->pipes[ERR]);
  say_start_failed(start->run, attempt.error, attempt.stage);
}
