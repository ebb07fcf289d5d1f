/* Records what a process does to the files below $POWER_ROOT, in the order in which it happens, into $POWER_LOG.
 * Loaded before the C library (LD_PRELOAD); every call is made as it would be, and then written down.
 *
 * One record: kind, length of the path (2 bytes), path, place (8 bytes), length (8 bytes), bytes. Little-endian.
 *   w bytes at a place   t cut or grown to a place   s synced   c created   m directory made   u removed
 *   r renamed; the bytes are the new path
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static int record = -1;
static const char *root;
static size_t root_length;

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static void put(const void *bytes, size_t length) {
    while (length > 0) {
        ssize_t done = syscall(SYS_write, record, bytes, length);
        if (done <= 0) abort();
        bytes = (const char *)bytes + done;
        length -= (size_t)done;
    }
}

static void note(char kind, const char *path, uint64_t place, const void *bytes, uint64_t length) {
    uint16_t named = (uint16_t)strlen(path);
    put(&kind, 1);
    put(&named, 2);
    put(path, named);
    put(&place, 8);
    put(&length, 8);
    put(bytes, length);
}

static int ours(const char *path) {
    return root && strncmp(path, root, root_length) == 0 && (path[root_length] == '/' || path[root_length] == 0);
}

/* The file behind a descriptor, if it is one of ours. */
static int file_of(int fd, char *path) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    return ours(path);
}

static void whole_path(int dir, const char *name, char *path) {
    path[0] = 0;
    if (name[0] == '/') {
        snprintf(path, PATH_MAX, "%s", name);
        return;
    }
    char base[PATH_MAX] = "";
    if (dir == AT_FDCWD) {
        if (!getcwd(base, sizeof base)) return;
    } else {
        char link[64];
        snprintf(link, sizeof link, "/proc/self/fd/%d", dir);
        ssize_t length = readlink(link, base, PATH_MAX - 1);
        if (length <= 0) return;
        base[length] = 0;
    }
    if (snprintf(path, PATH_MAX, "%s/%s", base, name) >= PATH_MAX) path[0] = 0;
}

__attribute__((constructor)) static void begin(void) {
    const char *log = getenv("POWER_LOG");
    root = getenv("POWER_ROOT");
    if (!log || !root) {
        root = NULL;
        return;
    }
    root_length = strlen(root);
    record = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (record < 0) abort();
}

static ssize_t noted_write(int fd, const void *bytes, size_t length, off_t place, int placed) {
    char path[PATH_MAX];
    if (!root) return placed ? syscall(SYS_pwrite64, fd, bytes, length, place) : syscall(SYS_write, fd, bytes, length);
    pthread_mutex_lock(&turn);
    /* What it is called in this very moment: a directory may be renamed by another thread. */
    if (!file_of(fd, path)) {
        pthread_mutex_unlock(&turn);
        return placed ? syscall(SYS_pwrite64, fd, bytes, length, place) : syscall(SYS_write, fd, bytes, length);
    }
    if (!placed) {
        struct stat about;
        int append = fcntl(fd, F_GETFL) & O_APPEND;
        place = append && fstat(fd, &about) == 0 ? about.st_size : lseek(fd, 0, SEEK_CUR);
    }
    ssize_t done =
        placed ? syscall(SYS_pwrite64, fd, bytes, length, place) : syscall(SYS_write, fd, bytes, length);
    if (done > 0) note('w', path, (uint64_t)place, bytes, (uint64_t)done);
    pthread_mutex_unlock(&turn);
    return done;
}

ssize_t write(int fd, const void *bytes, size_t length) { return noted_write(fd, bytes, length, 0, 0); }
ssize_t pwrite(int fd, const void *bytes, size_t length, off_t place) {
    return noted_write(fd, bytes, length, place, 1);
}
ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t place) {
    return noted_write(fd, bytes, length, place, 1);
}
/* Piece by piece: a vector write is nothing else. */
ssize_t writev(int fd, const struct iovec *pieces, int count) {
    ssize_t all = 0;
    for (int i = 0; i < count; i++) {
        ssize_t done = noted_write(fd, pieces[i].iov_base, pieces[i].iov_len, 0, 0);
        if (done < 0) return all > 0 ? all : done;
        all += done;
        if ((size_t)done < pieces[i].iov_len) break;
    }
    return all;
}
ssize_t pwritev(int fd, const struct iovec *pieces, int count, off_t place) {
    ssize_t all = 0;
    for (int i = 0; i < count; i++) {
        ssize_t done = noted_write(fd, pieces[i].iov_base, pieces[i].iov_len, place + all, 1);
        if (done < 0) return all > 0 ? all : done;
        all += done;
        if ((size_t)done < pieces[i].iov_len) break;
    }
    return all;
}
ssize_t pwritev64(int fd, const struct iovec *pieces, int count, off64_t place) {
    return pwritev(fd, pieces, count, place);
}

static int noted_truncate(int fd, off_t size) {
    char path[PATH_MAX];
    if (!root) return (int)syscall(SYS_ftruncate, fd, size);
    pthread_mutex_lock(&turn);
    int is_ours = file_of(fd, path);
    int done = (int)syscall(SYS_ftruncate, fd, size);
    if (done == 0 && is_ours) note('t', path, (uint64_t)size, "", 0);
    pthread_mutex_unlock(&turn);
    return done;
}
int ftruncate(int fd, off_t size) { return noted_truncate(fd, size); }
int ftruncate64(int fd, off64_t size) { return noted_truncate(fd, size); }

/* What is noted as synced was synced: nothing else is done to our files meanwhile. */
static int noted_sync(long call, int fd) {
    char path[PATH_MAX];
    if (!root) return (int)syscall(call, fd);
    pthread_mutex_lock(&turn);
    int is_ours = file_of(fd, path);
    int done = (int)syscall(call, fd);
    if (done == 0 && is_ours) note('s', path, 0, "", 0);
    pthread_mutex_unlock(&turn);
    return done;
}
int fsync(int fd) { return noted_sync(SYS_fsync, fd); }
int fdatasync(int fd) { return noted_sync(SYS_fdatasync, fd); }

static int noted_open(int dir, const char *name, int flags, mode_t mode) {
    char path[PATH_MAX];
    int writes = flags & (O_CREAT | O_TRUNC);
    if (root && writes) whole_path(dir, name, path);
    if (!root || !writes || !ours(path)) return (int)syscall(SYS_openat, dir, name, flags, mode);
    pthread_mutex_lock(&turn);
    int there = syscall(SYS_faccessat, AT_FDCWD, path, F_OK) == 0;
    int fd = (int)syscall(SYS_openat, dir, name, flags, mode);
    if (fd >= 0 && !there) note('c', path, 0, "", 0);
    if (fd >= 0 && there && (flags & O_TRUNC)) note('t', path, 0, "", 0);
    pthread_mutex_unlock(&turn);
    return fd;
}
#define MODE(flags, mode)                          \
    mode_t mode = 0;                               \
    if ((flags) & (O_CREAT | O_TMPFILE)) {         \
        va_list rest;                              \
        va_start(rest, flags);                     \
        mode = (mode_t)va_arg(rest, int);          \
        va_end(rest);                              \
    }
int open(const char *name, int flags, ...) {
    MODE(flags, mode)
    return noted_open(AT_FDCWD, name, flags, mode);
}
int open64(const char *name, int flags, ...) {
    MODE(flags, mode)
    return noted_open(AT_FDCWD, name, flags, mode);
}
int openat(int dir, const char *name, int flags, ...) {
    MODE(flags, mode)
    return noted_open(dir, name, flags, mode);
}
int openat64(int dir, const char *name, int flags, ...) {
    MODE(flags, mode)
    return noted_open(dir, name, flags, mode);
}

static int noted_rename(int from_dir, const char *from, int to_dir, const char *to, unsigned flags) {
    char old[PATH_MAX], new[PATH_MAX];
    if (root) {
        whole_path(from_dir, from, old);
        whole_path(to_dir, to, new);
    }
    if (!root || !ours(old)) return (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, flags);
    pthread_mutex_lock(&turn);
    int done = (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, flags);
    if (done == 0) note('r', old, 0, new, strlen(new));
    pthread_mutex_unlock(&turn);
    return done;
}
int rename(const char *from, const char *to) { return noted_rename(AT_FDCWD, from, AT_FDCWD, to, 0); }
int renameat(int from_dir, const char *from, int to_dir, const char *to) {
    return noted_rename(from_dir, from, to_dir, to, 0);
}
int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags) {
    return noted_rename(from_dir, from, to_dir, to, flags);
}

static int noted_remove(int dir, const char *name, int flags) {
    char path[PATH_MAX];
    if (root) whole_path(dir, name, path);
    if (!root || !ours(path)) return (int)syscall(SYS_unlinkat, dir, name, flags);
    pthread_mutex_lock(&turn);
    int done = (int)syscall(SYS_unlinkat, dir, name, flags);
    if (done == 0) note('u', path, 0, "", 0);
    pthread_mutex_unlock(&turn);
    return done;
}
int unlink(const char *name) { return noted_remove(AT_FDCWD, name, 0); }
int unlinkat(int dir, const char *name, int flags) { return noted_remove(dir, name, flags); }
int rmdir(const char *name) { return noted_remove(AT_FDCWD, name, AT_REMOVEDIR); }

int mkdir(const char *name, mode_t mode) {
    char path[PATH_MAX];
    if (root) whole_path(AT_FDCWD, name, path);
    if (!root || !ours(path)) return (int)syscall(SYS_mkdirat, AT_FDCWD, name, mode);
    pthread_mutex_lock(&turn);
    int done = (int)syscall(SYS_mkdirat, AT_FDCWD, name, mode);
    if (done == 0) note('m', path, 0, "", 0);
    pthread_mutex_unlock(&turn);
    return done;
}
