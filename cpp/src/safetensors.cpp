#include "kan/safetensors.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "atomic_file.hpp"
#include "json.hpp"
#include "kan/errors.hpp"
#include "safetensors_layout.hpp"

namespace kan {
namespace {

using namespace safetensors;

constexpr std::array<DType, 5> all_dtypes = {DType::u8, DType::i32, DType::i64, DType::f32,
                                             DType::f64};

std::string count(std::size_t n, const char* unit) { return std::to_string(n) + " " + unit; }

/// Throws: FormatError unless the file is long enough for the header that its first bytes promise.
std::size_t read_header_bytes(const std::vector<std::byte>& bytes) {
  if (bytes.size() < prefix_bytes) {
    throw FormatError("not a safetensors file: " + count(bytes.size(), "bytes") +
                      ", the length of the header alone takes 8");
  }
  std::uint64_t length = 0;
  for (std::size_t n = prefix_bytes; n-- > 0;) {
    length = length << 8U | std::to_integer<std::uint64_t>(bytes[n]);
  }
  if (length > max_header_bytes) {
    throw FormatError("not a safetensors file: a header of " + std::to_string(length) +
                      " bytes, at most " + std::to_string(max_header_bytes) + " are allowed");
  }
  if (length > bytes.size() - prefix_bytes) {
    throw FormatError("truncated, or not a safetensors file: a header of " +
                      std::to_string(length) + " bytes in a file of " +
                      count(bytes.size(), "bytes"));
  }
  if (length == 0 || bytes[prefix_bytes] != std::byte{'{'}) {
    throw FormatError("not a safetensors file: the header must begin with '{'");
  }
  return static_cast<std::size_t>(length);
}

class HeaderParser {
 public:
  HeaderParser(std::string_view header, const std::byte* data, std::size_t data_bytes) noexcept
      : header_(header), data_(data), data_bytes_(data_bytes) {}

  void parse(StringMap& metadata, TensorMap& tensors) {
    bool has_metadata = false;
    json_.object([&](std::string key) {
      if (key == metadata_key) {
        if (has_metadata) json_.fail_duplicate(key);
        has_metadata = true;
        read_metadata(metadata);
        return;
      }
      count_entry();
      const auto [entry, is_new] = tensors.try_emplace(std::move(key));
      if (!is_new) json_.fail_duplicate(entry->first);
      read_tensor(entry->first, entry->second);
    });
    if (header_.find_first_not_of(' ', json_.position()) != std::string_view::npos) {
      throw FormatError("header: only spaces may follow its closing '}'");
    }
    check_layout(tensors);
  }

 private:
  void read_metadata(StringMap& metadata) {
    json_.object([&](std::string key) {
      count_entry();
      const auto [entry, is_new] = metadata.try_emplace(std::move(key));
      if (!is_new) json_.fail_duplicate(entry->first);
      entry->second = json_.string();
    });
  }

  void read_tensor(const std::string& name, TensorView& view) {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    json_.record(std::array<std::string_view, 3>{"dtype", "shape", "data_offsets"},
                 [&](std::size_t field) {
                   if (field == 0) view.dtype = read_dtype();
                   if (field == 1) view.shape = read_integers(max_rank, "a shape has");
                   if (field != 2) return;
                   const std::vector<std::uint64_t> ends = read_integers(2, "data_offsets has");
                   if (ends.size() != 2) json_.fail("data_offsets needs 2 numbers");
                   begin = ends[0];
                   end = ends[1];
                 });
    check_tensor(name, view, begin, end);
    view.data = data_ + begin;
    view.bytes = static_cast<std::size_t>(end - begin);
  }

  DType read_dtype() {
    const std::string spelled = json_.string();
    for (const DType dtype : all_dtypes) {
      if (spelled == dtype_name(dtype)) return dtype;
    }
    json_.fail("dtype must be U8, I32, I64, F32 or F64, got \"" + json::printable(spelled) + "\"");
  }

  std::vector<std::uint64_t> read_integers(std::size_t most, const char* what) {
    std::vector<std::uint64_t> values;
    json_.array([&] {
      values.push_back(json_.unsigned_integer());
      if (values.size() > most) {
        json_.fail(std::string(what) + " at most " + count(most, "numbers"));
      }
    });
    return values;
  }

  void check_tensor(const std::string& name, const TensorView& view, std::uint64_t begin,
                    std::uint64_t end) const {
    if (begin > end) refuse(name, "data_offsets must not decrease");
    if (end > data_bytes_) {
      refuse(name, "data_offsets end at " + std::to_string(end) + ", the file holds " +
                       count(data_bytes_, "bytes of data"));
    }
    const std::optional<std::size_t> needed = tensor_bytes(view);
    if (!needed) refuse(name, "the size of the shape overflows");
    if (*needed != end - begin) {
      refuse(name, "dtype and shape need " + count(*needed, "bytes") + ", data_offsets hold " +
                       std::to_string(end - begin));
    }
    if (begin % item_size(view.dtype) != 0) {
      refuse(name, "data at byte " + std::to_string(begin) + " is not aligned to its item size");
    }
  }

  /// By place, every tensor must begin where the one before ended, and the last end the file.
  void check_layout(const TensorMap& tensors) const {
    std::vector<const TensorMap::value_type*> order;
    order.reserve(tensors.size());
    for (const auto& entry : tensors) order.push_back(&entry);
    std::sort(order.begin(), order.end(), [](const auto* a, const auto* b) {
      return std::pair(a->second.data, a->second.bytes) <
             std::pair(b->second.data, b->second.bytes);
    });
    const std::byte* next = data_;
    for (const auto* entry : order) {
      if (entry->second.data < next) refuse(entry->first, "its data overlaps another tensor's");
      if (entry->second.data > next) refuse(entry->first, "a hole lies before its data");
      next += entry->second.bytes;
    }
    const auto used = static_cast<std::size_t>(next - data_);
    if (used != data_bytes_) {
      throw FormatError(count(data_bytes_ - used, "bytes follow the last tensor"));
    }
  }

  void count_entry() {
    if (++entries_ > max_entries) {
      json_.fail("more than " + count(max_entries, "tensors and entries of metadata"));
    }
  }

  [[noreturn]] static void refuse(const std::string& name, const std::string& reason) {
    throw FormatError("tensor \"" + json::printable(name) + "\": " + reason);
  }

  std::string_view header_;
  const std::byte* data_;
  std::size_t data_bytes_;
  std::size_t entries_ = 0;
  json::Reader json_{header_, "header"};
};

}  // namespace

std::size_t item_size(DType dtype) noexcept {
  switch (dtype) {
    case DType::u8: return 1;
    case DType::i32:
    case DType::f32: return 4;
    case DType::i64:
    case DType::f64: break;
  }
  return 8;
}

const char* dtype_name(DType dtype) noexcept {
  switch (dtype) {
    case DType::u8: return "U8";
    case DType::i32: return "I32";
    case DType::i64: return "I64";
    case DType::f32: return "F32";
    case DType::f64: break;
  }
  return "F64";
}

SafetensorsFile::SafetensorsFile(std::vector<std::byte> bytes)
    : bytes_(std::move(bytes)), header_bytes_(read_header_bytes(bytes_)) {
  const std::size_t data_start = prefix_bytes + header_bytes_;
  HeaderParser(header(), bytes_.data() + data_start, bytes_.size() - data_start)
      .parse(metadata_, tensors_);
}

SafetensorsFile SafetensorsFile::parse(std::vector<std::byte> bytes) {
  return SafetensorsFile(std::move(bytes));
}

SafetensorsFile SafetensorsFile::load(const std::string& path) {
  try {
    return parse(read_file(path));
  } catch (const FormatError& error) {
    throw FormatError(printable_path(path) + ": " + error.what());
  }
}

std::string_view SafetensorsFile::header() const noexcept {
  return {reinterpret_cast<const char*>(bytes_.data()) + prefix_bytes, header_bytes_};
}

}  // namespace kan
