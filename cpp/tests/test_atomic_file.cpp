#include <doctest/doctest.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <functional>
#include <random>
#include <system_error>
#include <thread>

#include "atomic_file.hpp"
#include "file_helpers.hpp"
#include "kan/errors.hpp"

#if defined(__unix__) || defined(__APPLE__)
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#endif

namespace {

namespace fs = std::filesystem;
using namespace kan;
using namespace kan::test;

/// The error number that `action` fails with, 0 if it does not fail.
int error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const std::system_error& error) {
    CHECK(error.code().category() == std::generic_category());
    return error.code().value();
  }
  return 0;
}

int write_error(const std::string& path) {
  return error_of([&] { write_file_atomically(path, bytes_of("new")); });
}

TEST_CASE("bytes written are the bytes read") {
  const TemporaryDirectory directory;
  const std::string path = directory.file("x");
  for (const std::size_t size : {0U, 1U, 4096U, 1000003U}) {
    Bytes bytes(size);
    for (std::size_t n = 0; n < size; ++n) bytes[n] = static_cast<std::byte>(n * n >> 3U);
    write_file_atomically(path, bytes);
    CHECK(read_file(path) == bytes);
    CHECK(directory.entries() == 1);
  }
}

TEST_CASE("what cannot be read says so") {
  const TemporaryDirectory directory;
  CHECK(error_of([&] { read_file(directory.file("none")); }) == ENOENT);
  CHECK(error_of([&] { read_file(directory.file("")); }) == EISDIR);
  CHECK(error_of([&] { read_file(""); }) == ENOENT);
  CHECK(error_of([&] { read_file(std::string("a\0b", 3)); }) == EINVAL);
  CHECK_THROWS_WITH_AS(read_file("/no/such/file"),
                       "cannot read /no/such/file: No such file or directory", std::system_error);
}

TEST_CASE("what cannot be written says so and leaves nothing") {
  const TemporaryDirectory directory;
  CHECK(write_error(directory.file("none/x")) == ENOENT);
  CHECK(write_error(directory.file("")) == EISDIR);
  CHECK(write_error("") == ENOENT);
  CHECK(write_error(std::string("a\0b", 3)) == EINVAL);
  CHECK(write_error("/dev/null") == EINVAL);
  write_text(directory.file("file"), "old");
  CHECK(write_error(directory.file("file/x")) == ENOTDIR);
  CHECK(directory.entries() == 1);
  CHECK_THROWS_WITH_AS(write_file_atomically("/no/such/file", {}),
                       "cannot write /no/such/file: No such file or directory", std::system_error);
}

TEST_CASE("a path in a message is valid UTF-8") {
  CHECK(printable_path("/\xC3\xA9/\xFF\n") == "/\xC3\xA9/\\xff\\x0a");
  CHECK(printable_path(std::string(5000, 'x')).size() == 5000);
}

TEST_CASE("a link stays and its target is replaced") {
  const TemporaryDirectory directory;
  fs::create_directory(directory.file("there"));
  write_text(directory.file("there/target"), "old");
  fs::create_symlink("there/second", directory.file("first"));
  fs::create_symlink("target", directory.file("there/second"));
  fs::create_symlink(directory.file("there/target"), directory.file("absolute"));
  write_file_atomically(directory.file("first"), bytes_of("new"));
  CHECK(read_text(directory.file("there/target")) == "new");
  write_file_atomically(directory.file("absolute"), bytes_of("newer"));
  CHECK(read_text(directory.file("there/target")) == "newer");
  CHECK(fs::is_symlink(directory.file("first")));
  CHECK(fs::is_symlink(directory.file("there/second")));
  CHECK(fs::is_symlink(directory.file("absolute")));
  CHECK(directory.entries() == 3);
}

TEST_CASE("a link to nothing gets its target, a link to itself an error") {
  const TemporaryDirectory directory;
  fs::create_symlink("target", directory.file("link"));
  write_file_atomically(directory.file("link"), bytes_of("new"));
  CHECK(read_text(directory.file("target")) == "new");
  fs::create_symlink("loop", directory.file("loop"));
  CHECK(write_error(directory.file("loop")) == ELOOP);
}

TEST_CASE("threads that save to one path at once leave one whole file") {
  const TemporaryDirectory directory;
  const std::string path = directory.file("x");
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&path, t] {
      const Bytes bytes(10000, static_cast<std::byte>(t));
      for (int n = 0; n < 20; ++n) write_file_atomically(path, bytes);
    });
  }
  for (std::thread& thread : threads) thread.join();
  const Bytes last = read_file(path);
  CHECK(last == Bytes(10000, last.at(0)));
  CHECK(directory.entries() == 1);
}

#if defined(__unix__) || defined(__APPLE__)

mode_t mode_of(const std::string& path) {
  struct stat status{};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_mode & 07777U;
}

/// Runs `action` in a child process; what it returns is what comes back.
int in_child(const std::function<int()>& action) {
  const pid_t child = ::fork();
  if (child == 0) {
    int result = 99;
    try {
      result = action();
    } catch (...) {
    }
    ::_exit(result);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST_CASE("a replaced file keeps its permissions, a new one gets what the umask leaves") {
  const TemporaryDirectory directory;
  const std::string path = directory.file("x");
  const mode_t umask_before = ::umask(027);
  write_file_atomically(path, bytes_of("new"));
  CHECK(mode_of(path) == 0640);
  for (const mode_t mode : {0600U, 0644U, 0666U, 0777U}) {
    REQUIRE(::chmod(path.c_str(), mode) == 0);
    write_file_atomically(path, bytes_of("newer"));
    CHECK(mode_of(path) == mode);
  }
  ::umask(umask_before);
}

TEST_CASE("a pipe is neither waited for nor replaced") {
  const TemporaryDirectory directory;
  const std::string path = directory.file("pipe");
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  CHECK_THROWS_WITH_AS(read_file(path), "not a regular file", FormatError);
  CHECK(write_error(path) == EINVAL);
  CHECK(fs::is_fifo(path));
  CHECK(directory.entries() == 1);
}

TEST_CASE("who may not write a file or its directory does not") {
  const TemporaryDirectory directory;
  const std::string path = directory.file("x");
  write_text(path, "old");
  const auto as_nobody = [&] {
    return in_child([&] {
      // The superuser may write everything.
      if (::geteuid() == 0 && ::setuid(65534) != 0) return 98;
      return write_error(path);
    });
  };
  REQUIRE(::chmod(path.c_str(), 0666) == 0);
  REQUIRE(::chmod(directory.file("").c_str(), 0555) == 0);
  CHECK(as_nobody() == EACCES);
  REQUIRE(::chmod(path.c_str(), 0444) == 0);
  REQUIRE(::chmod(directory.file("").c_str(), 0777) == 0);
  CHECK(as_nobody() == EACCES);
  REQUIRE(::chmod(path.c_str(), 0666) == 0);
  CHECK(as_nobody() == 0);
  CHECK(read_text(path) == "new");
  CHECK(directory.entries() == 1);
}

TEST_CASE("a disk that is full leaves the old file and nothing else") {
  const TemporaryDirectory directory;
  const std::string path = directory.file("x");
  write_text(path, "old");
  const int result = in_child([&] {
    // As on a full disk, writing fails half-way: files may not grow beyond 100 000 bytes.
    const rlimit limit = {100000, 100000};
    std::signal(SIGXFSZ, SIG_IGN);
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 98;
    return error_of([&] { write_file_atomically(path, Bytes(100001)); });
  });
  CHECK(result == EFBIG);
  CHECK(read_text(path) == "old");
  CHECK(directory.entries() == 1);
}

TEST_CASE("a name that somebody else has taken is not used") {
  const TemporaryDirectory directory;
  const std::string taken = directory.file(".kan-" + std::to_string(::getpid()) + "-0.tmp");
  write_text(taken, "not ours");
  write_file_atomically(directory.file("x"), bytes_of("new"));
  CHECK(read_text(directory.file("x")) == "new");
  CHECK(read_text(taken) == "not ours");
  CHECK(directory.entries() == 2);
}

TEST_CASE("no descriptor is left open") {
  const TemporaryDirectory directory;
  const int before = ::open("/dev/null", O_RDONLY);
  ::close(before);
  write_file_atomically(directory.file("x"), bytes_of("new"));
  read_file(directory.file("x"));
  CHECK(write_error(directory.file("none/x")) == ENOENT);
  const int after = ::open("/dev/null", O_RDONLY);
  ::close(after);
  CHECK(after == before);
}

TEST_CASE("a process killed while saving leaves the old or the new file whole") {
  const TemporaryDirectory directory;
  const std::string path = directory.file("x");
  constexpr std::size_t size = 200000;
  write_file_atomically(path, Bytes(size, std::byte{255}));
  std::mt19937 random(11);
  for (int round = 0; round < 50; ++round) {
    const pid_t child = ::fork();
    if (child == 0) {
      for (unsigned n = 0;; ++n)
        write_file_atomically(path, Bytes(size, static_cast<std::byte>(n)));
    }
    ::usleep(static_cast<useconds_t>(random() % 20000));
    REQUIRE(::kill(child, SIGKILL) == 0);
    REQUIRE(::waitpid(child, nullptr, 0) == child);
    const Bytes bytes = read_file(path);
    REQUIRE(bytes.size() == size);
    CHECK(bytes == Bytes(size, bytes[0]));
  }
}

#endif

}  // namespace
