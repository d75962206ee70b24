/* What the machine needs for the same work, without any tracker: the floors of `cargo xtask bench`.
 *
 * empty                      end at once
 * read FILE                  read a file
 * durable IN LOG             read a file, append 4 KiB to another, fdatasync; print the nanoseconds of the fdatasync
 * stat LIST                  stat every path that the lines of a file name
 * write N                    write N bytes from memory to standard output
 * rate LOG N                 append 4 KiB and fdatasync, N times; print the nanoseconds of it all
 * peak FILE PROGRAM ARG...   run a program, write its largest resident size in KiB to a file
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char block[1 << 16];

static int fail(const char *what) {
    perror(what);
    return 1;
}

static long long now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static int read_all(const char *path) {
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return fail(path);
    ssize_t n;
    while ((n = read(file, block, sizeof block)) > 0) {}
    close(file);
    return n < 0 ? fail(path) : 0;
}

/* Appends to a log and waits for the disk; returns how long the waiting took. */
static long long append(int log) {
    if (write(log, block, 4096) != 4096) return -1;
    long long begun = now();
    if (fdatasync(log) != 0) return -1;
    return now() - begun;
}

static int durable(const char *in, const char *path) {
    if (read_all(in)) return 1;
    int log = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (log < 0) return fail(path);
    long long waited = append(log);
    if (waited < 0) return fail(path);
    printf("%lld\n", waited);
    return 0;
}

static int rate(const char *path, int count) {
    int log = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (log < 0) return fail(path);
    long long begun = now();
    while (count-- > 0)
        if (append(log) < 0) return fail(path);
    printf("%lld\n", now() - begun);
    return 0;
}

static int stat_all(const char *list) {
    static char line[4096];
    FILE *file = fopen(list, "r");
    if (!file) return fail(list);
    while (fgets(line, sizeof line, file)) {
        struct stat found;
        line[strcspn(line, "\n")] = 0;
        if (stat(line, &found) != 0) return fail(line);
    }
    fclose(file);
    return 0;
}

static int write_bytes(size_t count) {
    char *bytes = malloc(count + 1);
    if (!bytes) return fail("malloc");
    memset(bytes, 'x', count);
    for (size_t done = 0; done < count;) {
        ssize_t n = write(1, bytes + done, count - done);
        if (n < 0) return fail("write");
        done += n;
    }
    return 0;
}

static int peak(const char *path, char **command) {
    pid_t child = fork();
    if (child < 0) return fail("fork");
    if (child == 0) {
        execv(command[0], command);
        _exit(127);
    }
    int status;
    struct rusage used;
    if (wait4(child, &status, 0, &used) < 0) return fail("wait4");
    FILE *file = fopen(path, "w");
    if (!file) return fail(path);
    fprintf(file, "%ld\n", used.ru_maxrss);
    fclose(file);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int main(int n, char **word) {
    if (n == 2 && !strcmp(word[1], "empty")) return 0;
    if (n == 3 && !strcmp(word[1], "read")) return read_all(word[2]);
    if (n == 4 && !strcmp(word[1], "durable")) return durable(word[2], word[3]);
    if (n == 3 && !strcmp(word[1], "stat")) return stat_all(word[2]);
    if (n == 3 && !strcmp(word[1], "write")) return write_bytes(strtoull(word[2], 0, 10));
    if (n == 4 && !strcmp(word[1], "rate")) return rate(word[2], atoi(word[3]));
    if (n >= 4 && !strcmp(word[1], "peak")) return peak(word[2], word + 3);
    return 2;
}
