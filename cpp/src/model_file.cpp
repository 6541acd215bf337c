#include "kan/model_file.hpp"

#include <cstring>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "architecture_json.hpp"
#include "atomic_file.hpp"
#include "crc32.hpp"
#include "json.hpp"
#include "kan/errors.hpp"
#include "model_tensors.hpp"
#include "safetensors_layout.hpp"

namespace kan {
namespace {

constexpr const char* format_key = "format";
constexpr const char* format_value = "kan";
constexpr const char* version_key = "kan.version";
constexpr const char* architecture_key = "kan.architecture";
constexpr const char* checksum_key = "kan.crc32";
constexpr std::string_view notes_prefix = "kan.user.";
constexpr std::string_view no_checksum = "00000000";
constexpr std::string_view version_without_self_test = "1";
constexpr std::string_view version_with_self_test = "2";
static_assert(model_file_version == 2, "a new version has a name here");

/// What the checksum stands behind in the text of the header, at its first place: quotes inside a
/// text are escaped there, and all names are known but those of notes, which come later.
constexpr std::string_view checksum_lead = "\"kan.crc32\":\"";

std::string hexadecimal(std::uint32_t value) {
  std::string text(no_checksum);
  for (std::size_t n = text.size(); n-- > 0; value >>= 4U) {
    text[n] = "0123456789abcdef"[value & 0xFU];
  }
  return text;
}

/// The checksum of a file whose header text begins at byte 8 and has its digits at `place`.
std::string checksum(const std::vector<std::byte>& bytes, std::size_t place) {
  const auto* zeros = reinterpret_cast<const std::byte*>(no_checksum.data());
  const std::size_t after = place + no_checksum.size();
  std::uint32_t crc = crc32(bytes.data(), place);
  crc = crc32(zeros, no_checksum.size(), crc);
  return hexadecimal(crc32(bytes.data() + after, bytes.size() - after, crc));
}

const std::string& require(const StringMap& metadata, const char* key) {
  const auto entry = metadata.find(key);
  if (entry == metadata.end()) {
    throw FormatError(std::string("the metadata have no \"") + key + "\"");
  }
  return entry->second;
}

void check_format(const StringMap& metadata) {
  const auto format = metadata.find(format_key);
  if (format == metadata.end() || format->second != format_value) {
    throw FormatError("not a kan model: its metadata need \"format\": \"kan\"");
  }
}

void check_version(const StringMap& metadata) {
  const std::string& version = require(metadata, version_key);
  if (version == version_without_self_test || version == version_with_self_test) return;
  const bool is_number = version.find_first_not_of("0123456789") == std::string::npos;
  if (version.empty() || version[0] == '0' || !is_number) {
    throw FormatError("\"kan.version\" must be a number, got \"" + json::printable(version) + "\"");
  }
  throw FormatError("a newer version of kan wrote this model (file format " +
                    json::printable(version) + ", this one reads up to " +
                    std::to_string(model_file_version) + "): update kan to read it");
}

/// A file of a newer version may have another checksum, but if it has this one it must be right.
void check_checksum(const SafetensorsFile& file) {
  const auto entry = file.metadata().find(checksum_key);
  if (entry == file.metadata().end()) return;
  const std::size_t lead = file.header().find(checksum_lead);
  if (lead != std::string_view::npos) {
    const std::size_t place = safetensors::prefix_bytes + lead + checksum_lead.size();
    if (entry->second == checksum(file.bytes(), place)) return;
  }
  throw FormatError("the checksum is wrong: the file is damaged, or another program changed it");
}

void check_metadata(const SafetensorsFile& file) {
  const StringMap& metadata = file.metadata();
  check_format(metadata);
  check_checksum(file);
  check_version(metadata);
  if (metadata.count(checksum_key) == 0) {
    throw FormatError(
        "the metadata have no checksum \"kan.crc32\": another program wrote this file");
  }
  for (const auto& [key, value] : metadata) {
    const bool is_note = key.compare(0, notes_prefix.size(), notes_prefix) == 0;
    if (!is_note && key != format_key && key != version_key && key != architecture_key &&
        key != checksum_key) {
      throw FormatError("the metadata have an unknown entry \"" + json::printable(key) + "\"");
    }
  }
}

/// The notes without the prefix of their keys.
StringMap extract_notes(StringMap metadata) {
  StringMap notes;
  while (!metadata.empty()) {
    auto entry = metadata.extract(metadata.begin());
    if (entry.key().compare(0, notes_prefix.size(), notes_prefix) != 0) continue;
    entry.key().erase(0, notes_prefix.size());
    notes.insert(std::move(entry));
  }
  return notes;
}

/// Also refuses to write what could not be read again.
template <class T>
void check_network(const Network<T>& network, DType dtype, const TensorMap& tensors) {
  try {
    check_tensors(network.architecture(), dtype, tensors);
  } catch (const FormatError& error) {
    throw std::invalid_argument(std::string("this network cannot be saved: ") + error.what());
  }
}

}  // namespace

template <class T>
std::vector<std::byte> serialize_model(const Network<T>& network, const StringMap& notes,
                                       const SelfTest& self_test) {
  ModelTensors<T> tensors = pack_tensors(network);
  tensors.views.merge(self_test_tensors(network.architecture(), self_test));
  check_network(network, dtype_of<T>, tensors.views);
  StringMap metadata = {
      {format_key, format_value},
      {version_key,
       std::string(self_test.rows > 0 ? version_with_self_test : version_without_self_test)},
      {architecture_key, architecture_json(network.architecture(), network.trainable_groups())},
      {checksum_key, std::string(no_checksum)}};
  for (const auto& [key, value] : notes) metadata.emplace(std::string(notes_prefix) + key, value);
  std::vector<std::byte> bytes = serialize_safetensors(metadata, tensors.views);
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const std::size_t place = text.find(checksum_lead) + checksum_lead.size();
  const std::string digits = checksum(bytes, place);
  std::memcpy(bytes.data() + place, digits.data(), digits.size());
  return bytes;
}

template <class T>
void save_model(const std::string& path, const Network<T>& network, const StringMap& notes,
                const SelfTest& self_test) {
  write_file_atomically(path, serialize_model(network, notes, self_test));
}

DType model_dtype(const SafetensorsFile& file) {
  check_format(file.metadata());
  const auto knots = file.tensors().find(tensor_name(0, "knots"));
  if (knots == file.tensors().end()) refuse_tensor(tensor_name(0, "knots"), "is missing");
  const DType dtype = knots->second.dtype;
  if (dtype != DType::f32 && dtype != DType::f64) {
    refuse_tensor(knots->first, std::string("must be F32 or F64, got ") + dtype_name(dtype));
  }
  return dtype;
}

template <class T>
LoadedModel<T> parse_model(SafetensorsFile file, Verify verify) {
  check_metadata(file);
  const std::size_t data_bytes =
      file.bytes().size() - safetensors::prefix_bytes - file.header().size();
  StoredArchitecture stored =
      parse_architecture(require(file.metadata(), architecture_key), data_bytes);
  const DType dtype = model_dtype(file);
  check_tensors(stored.architecture, dtype, file.tensors());
  unpack_tables(file.tensors(), stored.architecture);
  if (require(file.metadata(), version_key) == version_without_self_test &&
      file.tensors().count(self_test_x) > 0) {
    refuse_tensor(self_test_x, "belongs into files of format 2 alone");
  }
  LoadedModel<T> model{Network<T>(std::move(stored.architecture), typename Network<T>::Unsettled{}),
                       {}};
  Network<T>& network = model.network;
  unpack_tensors(file.tensors(), dtype, network);
  for (std::size_t l = 0; l < network.depth(); ++l) unpack_masks(file.tensors(), l, network);
  model.self_test = unpack_self_test(file.tensors());
  model.notes = extract_notes(std::move(file).take_metadata());
  // The file's bytes make room for what follows from the numbers.
  {
    // NOLINTNEXTLINE(bugprone-use-after-move): only the metadata has gone
    const SafetensorsFile released = std::move(file);
  }
  network.set_trainable(stored.trainable);
  if (verify == Verify::yes) run_self_test(network, model.self_test);
  return model;
}

template <class T>
LoadedModel<T> parse_model(std::vector<std::byte> bytes, Verify verify) {
  return parse_model<T>(SafetensorsFile::parse(std::move(bytes)), verify);
}

template <class T>
LoadedModel<T> load_model(const std::string& path, Verify verify) {
  SafetensorsFile file = SafetensorsFile::load(path);
  try {
    return parse_model<T>(std::move(file), verify);
  } catch (const FormatError& error) {
    throw FormatError(printable_path(path) + ": " + error.what());
  }
}

#define KAN_MODEL_FILE(T)                                                              \
  template std::vector<std::byte> serialize_model(const Network<T>&, const StringMap&, \
                                                  const SelfTest&);                    \
  template void save_model(const std::string&, const Network<T>&, const StringMap&,    \
                           const SelfTest&);                                           \
  template LoadedModel<T> parse_model(SafetensorsFile, Verify);                        \
  template LoadedModel<T> parse_model(std::vector<std::byte>, Verify);                 \
  template LoadedModel<T> load_model(const std::string&, Verify);

KAN_MODEL_FILE(float)
KAN_MODEL_FILE(double)
#undef KAN_MODEL_FILE

}  // namespace kan
