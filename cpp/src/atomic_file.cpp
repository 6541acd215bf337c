#include "atomic_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <system_error>
#include <utility>

#include "json.hpp"
#include "kan/errors.hpp"

#if (defined(__unix__) || defined(__APPLE__)) && !defined(KAN_PORTABLE_FILES)
#define KAN_POSIX_FILES 1
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#else
#define KAN_POSIX_FILES 0
#include <fstream>
#endif

namespace kan {
namespace {

namespace fs = std::filesystem;

constexpr int most_links = 40;
constexpr int most_names = 1000;

[[noreturn]] void fail(std::error_code error, const char* action, const std::string& path) {
  throw std::system_error(error, std::string("cannot ") + action + " " + printable_path(path));
}

[[noreturn]] void fail(int error, const char* action, const std::string& path) {
  fail(std::error_code(error, std::generic_category()), action, path);
}

/// The file that links at the path lead to, which need not exist.
fs::path follow_links(const std::string& path) {
  fs::path target = path;
  for (int n = 0; n < most_links; ++n) {
    std::error_code error;
    if (fs::symlink_status(target, error).type() != fs::file_type::symlink) return target;
    const fs::path next = fs::read_symlink(target, error);
    if (error) fail(error, "follow the link", path);
    target = target.parent_path() / next;  // an absolute `next` replaces it all
  }
  fail(ELOOP, "follow the link", path);
}

#if KAN_POSIX_FILES

/// Repeats a call that a signal interrupted.
template <class Call>
auto retried(Call call) noexcept {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

/// An open file descriptor.
class Descriptor {
 public:
  explicit Descriptor(int fd) noexcept : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { close(); }

  int get() const noexcept { return fd_; }

  /// False, with errno, if data that was buffered could not be written.
  bool close() noexcept {
    const int fd = std::exchange(fd_, -1);
    return fd < 0 || ::close(fd) == 0 || errno == EINTR;
  }

 private:
  int fd_;
};

/// A file of ours that disappears again unless it is renamed.
class TemporaryFile {
 public:
  TemporaryFile(const fs::path& directory, mode_t mode, const std::string& path)
      : descriptor_(create(directory, mode, path)) {}
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    if (!name_.empty()) ::unlink(name_.c_str());
  }

  Descriptor& descriptor() noexcept { return descriptor_; }

  bool rename_to(const fs::path& target) noexcept {
    if (::rename(name_.c_str(), target.c_str()) != 0) return false;
    name_.clear();
    return true;
  }

 private:
  int create(const fs::path& directory, mode_t mode, const std::string& path) {
    for (int n = 0; n < most_names; ++n) {
      const std::string name = ".kan-" + std::to_string(::getpid()) + "-" + std::to_string(n);
      name_ = (directory / (name + ".tmp")).native();
      const int fd = retried(
          [&] { return ::open(name_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode); });
      if (fd >= 0) return fd;
      if (errno != EEXIST) break;
    }
    fail(errno, "write", path);
  }

  std::string name_;
  Descriptor descriptor_;
};

bool write_all(int fd, const std::byte* data, std::size_t size) noexcept {
  constexpr std::size_t most_at_once = std::size_t{1} << 30U;  // systems refuse 2^31 and more
  while (size > 0) {
    const ssize_t n = retried([&] { return ::write(fd, data, std::min(size, most_at_once)); });
    if (n == 0) errno = ENOSPC;
    if (n <= 0) return false;
    data += n;
    size -= static_cast<std::size_t>(n);
  }
  return true;
}

/// Best effort: the rename has happened, and some file systems cannot do this.
void synchronize_directory(const fs::path& directory) noexcept {
  const Descriptor opened(
      retried([&] { return ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); }));
  if (opened.get() >= 0) ::fsync(opened.get());
}

std::vector<std::byte> read_regular_file(const std::string& path) {
  // O_NONBLOCK: opening a pipe must not wait for its writer.
  Descriptor file(retried([&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK); }));
  struct stat status{};
  if (file.get() < 0 || ::fstat(file.get(), &status) != 0) fail(errno, "read", path);
  if (S_ISDIR(status.st_mode)) fail(EISDIR, "read", path);
  if (!S_ISREG(status.st_mode)) throw FormatError("not a regular file");
  std::vector<std::byte> bytes(static_cast<std::size_t>(status.st_size));
  std::size_t size = 0;
  while (size < bytes.size()) {
    const ssize_t n =
        retried([&] { return ::read(file.get(), bytes.data() + size, bytes.size() - size); });
    if (n < 0) fail(errno, "read", path);
    if (n == 0) break;
    size += static_cast<std::size_t>(n);
  }
  bytes.resize(size);
  return bytes;
}

void replace_file(const std::string& path, const fs::path& target,
                  const std::vector<std::byte>& bytes) {
  const auto require = [&path](bool done) {
    if (!done) fail(errno, "write", path);
  };
  struct stat old{};
  const bool exists = ::stat(target.c_str(), &old) == 0;
  require(exists || errno == ENOENT);
  if (exists) {
    if (S_ISDIR(old.st_mode)) fail(EISDIR, "write", path);
    if (!S_ISREG(old.st_mode)) fail(EINVAL, "write", path);
    require(::faccessat(AT_FDCWD, target.c_str(), W_OK, AT_EACCESS) == 0);
  }
  const fs::path directory = target.has_parent_path() ? target.parent_path() : fs::path(".");
  TemporaryFile file(directory, exists ? 0600 : 0666, path);
  const int fd = file.descriptor().get();
  require(!exists || ::fchmod(fd, old.st_mode & 0777U) == 0);
  require(write_all(fd, bytes.data(), bytes.size()));
  require(retried([fd] { return ::fsync(fd); }) == 0);
  require(file.descriptor().close());
  require(file.rename_to(target));
  synchronize_directory(directory);
}

#else

std::vector<std::byte> read_regular_file(const std::string& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (fs::is_directory(status)) fail(EISDIR, "read", path);
  if (fs::exists(status) && !fs::is_regular_file(status)) throw FormatError("not a regular file");
  const std::uintmax_t size = fs::file_size(path, error);
  if (error) fail(error, "read", path);
  std::vector<std::byte> bytes(static_cast<std::size_t>(size));
  std::ifstream file(path, std::ios::binary);
  if (!file) fail(errno != 0 ? errno : EIO, "read", path);
  file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<std::size_t>(file.gcount()));
  return bytes;
}

void replace_file(const std::string& path, const fs::path& target,
                  const std::vector<std::byte>& bytes) {
  std::error_code error;
  const fs::file_status status = fs::status(target, error);
  if (fs::is_directory(status)) fail(EISDIR, "write", path);
  if (fs::exists(status) && !fs::is_regular_file(status)) fail(EINVAL, "write", path);
  error.clear();
  fs::path name;
  std::FILE* file = nullptr;
  for (int n = 0; n < most_names && file == nullptr; ++n) {
    name = target.parent_path() / (".kan-" + std::to_string(n) + ".tmp");
    file = std::fopen(name.string().c_str(), "wbx");  // x: only if nobody has the name
    if (file == nullptr && errno != EEXIST) break;
  }
  if (file == nullptr) fail(errno, "write", path);
  const bool written = std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size();
  if (std::fclose(file) != 0 || !written) {
    error = std::error_code(errno != 0 ? errno : EIO, std::generic_category());
  } else if (fs::exists(status)) {
    fs::permissions(name, status.permissions(), error);
  }
  if (!error) fs::rename(name, target, error);
  if (!error) return;
  std::error_code ignored;
  fs::remove(name, ignored);
  fail(error, "write", path);
}

#endif

}  // namespace

std::vector<std::byte> read_file(const std::string& path) {
  if (path.find('\0') != std::string::npos) fail(EINVAL, "read", path);
  return read_regular_file(path);
}

void write_file_atomically(const std::string& path, const std::vector<std::byte>& bytes) {
  if (path.find('\0') != std::string::npos) fail(EINVAL, "write", path);
  replace_file(path, follow_links(path), bytes);
}

std::string printable_path(const std::string& path) {
  return json::printable(path, std::numeric_limits<std::size_t>::max());
}

}  // namespace kan
