/*
 * The floor under every job runner: how long this machine takes to start and reap a number of `sh -c true`,
 * some of them at a time, by a program that does nothing besides.
 *
 *   cc -O2 -o spawn-floor spawn-floor.c
 *   ./spawn-floor 400 2      starts 400, two at a time; exits 1 when one could not be started or failed
 */
#include <spawn.h>
#include <stdlib.h>
#include <sys/types.h>
#include <sys/wait.h>

extern char **environ;

static int start_one(void) {
  char shell[] = "sh", flag[] = "-c", command[] = "true";
  char *arguments[] = {shell, flag, command, NULL};
  pid_t pid;
  return posix_spawn(&pid, "/bin/sh", NULL, NULL, arguments, environ);
}

static int reap_one(void) {
  int status;
  return wait(&status) > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : 1;
}

int main(int count, char **words) {
  if (count != 3) return 2;
  long to_start = atol(words[1]), to_reap = to_start, free_places = atol(words[2]);
  while (to_reap > 0) {
    for (; to_start > 0 && free_places > 0; to_start--, free_places--)
      if (start_one() != 0) return 1;
    if (reap_one() != 0) return 1;
    to_reap--;
    free_places++;
  }
  return 0;
}
