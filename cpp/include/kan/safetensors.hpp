#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kan {

/// The element types of a safetensors file that are understood here, all little-endian.
enum class DType { u8, i32, i64, f32, f64 };

std::size_t item_size(DType dtype) noexcept;

/// As the file spells it: "U8", "I32", "I64", "F32", "F64".
const char* dtype_name(DType dtype) noexcept;

/// One tensor whose bytes somebody else owns.
struct TensorView {
  DType dtype = DType::f64;
  std::vector<std::uint64_t> shape = {};  ///< row-major; empty for one number
  const std::byte* data = nullptr;        ///< not necessarily aligned: copy numbers out
  std::size_t bytes = 0;
};

using TensorMap = std::map<std::string, TensorView>;
using StringMap = std::map<std::string, std::string>;

constexpr std::size_t max_header_bytes = 100'000'000;
constexpr std::size_t max_rank = 8;
constexpr std::size_t max_entries = 3000;  ///< tensors and entries of metadata together

/// A safetensors file in memory, of which every size has been checked.
///
/// Memory: the bytes of the file, the texts of its header once more, and some 300 bytes for each of the
/// entries, whose number is limited.
class SafetensorsFile {
 public:
  /// Throws: FormatError saying why, unless the file is valid to the last byte: a header of the
  /// promised length, each tensor with dtype, shape and data_offsets that agree and nothing else,
  /// no name twice, data aligned, without holes, overlaps or bytes left over.
  static SafetensorsFile parse(std::vector<std::byte> bytes);

  /// Throws: std::system_error if the file cannot be read, FormatError naming the path if it is
  /// not a regular file or not valid.
  static SafetensorsFile load(const std::string& path);

  SafetensorsFile(SafetensorsFile&&) noexcept = default;
  SafetensorsFile& operator=(SafetensorsFile&&) noexcept = default;
  SafetensorsFile(const SafetensorsFile&) = delete;  // the views would still show the other's bytes
  SafetensorsFile& operator=(const SafetensorsFile&) = delete;
  ~SafetensorsFile() = default;

  const StringMap& metadata() const noexcept { return metadata_; }

  /// Views into this object: they live as long as it does and survive a move of it.
  const TensorMap& tensors() const noexcept { return tensors_; }

  /// The whole file.
  const std::vector<std::byte>& bytes() const noexcept { return bytes_; }

  /// The JSON text between the 8 length bytes and the data, padding included.
  std::string_view header() const noexcept;

  /// Moves the metadata out.
  StringMap take_metadata() && noexcept { return std::move(metadata_); }

 private:
  explicit SafetensorsFile(std::vector<std::byte> bytes);

  std::vector<std::byte> bytes_;
  std::size_t header_bytes_ = 0;
  StringMap metadata_;
  TensorMap tensors_;
};

/// The bytes of a file that `SafetensorsFile::parse` takes back; the same for the same input.
/// Tensors follow by falling item size, then name; their data begins at a multiple of 64.
/// Throws: std::invalid_argument if a text is not UTF-8, a shape and a size disagree, or the file
/// would be one that `parse` refuses.
std::vector<std::byte> serialize_safetensors(const StringMap& metadata, const TensorMap& tensors);

}  // namespace kan
