// Loading a model takes at most twice its file and a mebibyte, the file's own bytes among them: bytes that
// are alive on the heap, counted. The shapes are those in which one kind of number outweighs the others.

#include <malloc.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include <kan/errors.hpp>
#include <kan/model.hpp>

#include "file_helpers.hpp"

namespace {

using kan::test::Bytes;

std::size_t alive = 0;
std::size_t most_alive = 0;

/// Blocks aligned so much that the page tables have more than was asked for, which nobody touches.
struct Aligned {
  void* memory;
  std::size_t bytes;
};
Aligned all_aligned[256] = {};

Aligned* aligned_at(void* memory) {
  for (Aligned& block : all_aligned) {
    if (block.memory == memory) return &block;
  }
  return nullptr;
}

void count(std::size_t bytes) {
  alive += bytes;
  most_alive = std::max(most_alive, alive);
}

void* counted(void* memory) {
  if (memory != nullptr) count(malloc_usable_size(memory));
  return memory;
}

void* counted_aligned(void* memory, std::size_t bytes) {
  if (memory == nullptr) return memory;
  Aligned* const place = aligned_at(nullptr);
  if (place == nullptr) std::abort();
  *place = {memory, bytes};
  count(bytes);
  return memory;
}

void discount(void* memory) {
  if (memory == nullptr) return;
  if (Aligned* const block = aligned_at(memory)) {
    alive -= block->bytes;
    *block = {};
    return;
  }
  alive -= malloc_usable_size(memory);
}

void write(const std::string& path, const Bytes& bytes) {
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
}

/// Whether loading such a file stays within its bound and ends as it should.
template <class T>
bool check(const char* name, Bytes bytes, bool is_good = true) {
  const kan::test::TemporaryDirectory directory;
  const std::string path = directory.file("model");
  write(path, bytes);
  const std::size_t file = bytes.size();
  Bytes().swap(bytes);
  const std::size_t others = alive;
  most_alive = alive;
  bool read = true;
  try {
    const auto model = kan::Model<T>::load(path);
    read = model.inputs() > 0;
  } catch (const kan::FormatError&) {
    read = false;
  }
  const std::size_t peak = most_alive - others;
  const std::size_t allowed = 2 * file + (std::size_t{1} << 20U);
  const bool holds = read == is_good && peak >= file && peak <= allowed;
  std::printf("%s %s, %d bytes a number: file %zu bytes, at most %zu alive, %zu allowed\n",
              holds ? "  " : "! ", name, static_cast<int>(sizeof(T)), file, peak, allowed);
  return holds;
}

template <class T>
kan::Network<T> network(std::vector<kan::Layer> layers, bool pruned) {
  kan::Architecture architecture;
  architecture.layers = std::move(layers);
  kan::Network<T> network(std::move(architecture));
  for (std::size_t p = 0; p < network.parameter_count(); ++p) {
    network.mutable_parameters()[p] = static_cast<T>(p % 7);
  }
  for (std::size_t l = 0; pruned && l < network.depth(); ++l) {
    std::vector<std::uint8_t> mask = network.edge_mask(l);
    for (std::size_t n = 0; n < mask.size(); n += 3) mask[n] = 0;
    network.set_edge_mask(l, mask);
  }
  return network;
}

template <class T>
bool check_shapes() {
  bool holds = true;
  for (const bool pruned : {false, true}) {
    const auto shape = [&](const char* name, std::vector<kan::Layer> layers) {
      Bytes bytes = kan::serialize_model(network<T>(std::move(layers), pruned));
      holds = check<T>(name, std::move(bytes)) && holds;
    };
    shape("wide", {{500, 800, {}, 5, 3}, {800, 1, {}, 5, 3}});
    shape("many inputs", {{400'000, 1, {}, 1, 3}});
    shape("many edges", {{1500, 1500, {}, 1, 0}});
    shape("deep", std::vector<kan::Layer>(300, {40, 40, {}, 2, 1}));
    shape("deep and narrow", std::vector<kan::Layer>(749, {8, 8, {}, 1, 0}));
  }
  return holds;
}

/// Many rows and few edges.
template <class T>
bool check_self_test(int inputs, int outputs) {
  const auto tested = network<T>({{inputs, outputs, {}, 3, 2}}, false);
  const std::vector<double> x(
      500'000 / static_cast<std::size_t>(outputs) * static_cast<std::size_t>(inputs), 0.25);
  return check<T>("self-test", kan::serialize_model(tested, {}, kan::make_self_test(tested, x)));
}

/// Tables of many coefficients that are only promised.
bool check_promised_tables() {
  kan::Architecture architecture;
  architecture.layers = {{1, 1, {}, 1, 0}};
  architecture.tables = {{"t", -1.0, 1.0, std::vector<double>(6)}};
  std::string text =
      kan::test::text_of(kan::serialize_model(kan::Network<double>(std::move(architecture))));
  const auto header_bytes = static_cast<std::size_t>(static_cast<unsigned char>(text[0])) +
                            256U * static_cast<unsigned char>(text[1]);
  std::string header = text.substr(8, header_bytes);
  const std::string table = R"({\"name\":\"t\",\"coefficients\":)";
  const std::size_t place = header.find(table);
  std::string many;
  for (int n = 0; n < 63; ++n) many += table + "65536},";
  header.insert(place, many);
  return check<double>("promised tables",
                       kan::test::sign(kan::test::file_of(header, text.substr(8 + header_bytes))),
                       false);
}

}  // namespace

// The heap of the C library, counted. NOLINTBEGIN
extern "C" {
void* __libc_malloc(std::size_t);
void __libc_free(void*);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
void* malloc(std::size_t bytes) { return counted(__libc_malloc(bytes)); }
void* calloc(std::size_t count, std::size_t bytes) { return counted(__libc_calloc(count, bytes)); }
void free(void* memory) {
  discount(memory);
  __libc_free(memory);
}
void* realloc(void* memory, std::size_t bytes) {
  discount(memory);
  return counted(__libc_realloc(memory, bytes));
}
void* aligned_alloc(std::size_t alignment, std::size_t bytes) {
  return counted_aligned(__libc_memalign(alignment, bytes), bytes);
}
int posix_memalign(void** memory, std::size_t alignment, std::size_t bytes) {
  *memory = counted_aligned(__libc_memalign(alignment, bytes), bytes);
  return *memory == nullptr ? 12 : 0;
}
}
// NOLINTEND

int main() {
  bool holds = check_shapes<float>();
  holds = check_shapes<double>() && holds;
  holds = check_self_test<float>(1, 10) && holds;
  holds = check_self_test<double>(1, 10) && holds;
  holds = check_self_test<float>(10, 1) && holds;
  holds = check_self_test<double>(10, 1) && holds;
  holds = check_promised_tables() && holds;
  return holds ? 0 : 1;
}
