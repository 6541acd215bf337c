#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace kan {

/// The whole of a regular file.
/// Throws: std::system_error with the path and errno, also for a directory; FormatError if the path
/// is a pipe or a device.
std::vector<std::byte> read_file(const std::string& path);

/// Replaces the file by these bytes, or leaves it as it was: whoever opens the path at any time,
/// after a crash too, finds the old or the new file whole.
///
/// A new file next to the old one is written, forced to disk and renamed. It keeps the permission
/// bits of the old one (a new path gets 0666 less the umask) and belongs to the caller. A link at
/// the path stays: the file it points to is replaced. A file that may not be written is not
/// replaced. A process that is killed meanwhile leaves `.kan-<pid>-<n>.tmp` in the directory.
/// Throws: std::system_error with the path and errno; the old file is intact and the new one gone.
void write_file_atomically(const std::string& path, const std::vector<std::byte>& bytes);

/// The path as a message may hold it: valid UTF-8.
std::string printable_path(const std::string& path);

}  // namespace kan
