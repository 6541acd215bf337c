#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "kan/network.hpp"
#include "kan/safetensors.hpp"

/// A model is one safetensors file. Beside the tensors `layers.<l>.knots`, `.coef`, `.base_weight`,
/// `.edge_mask` and the affine ones, its metadata hold
///   format            "kan"
///   kan.version       "1"
///   kan.architecture  the architecture and what trains, as JSON
///   kan.crc32         CRC-32 (zlib) of the whole file with these 8 hexadecimal digits taken as '0'
///   kan.user.<key>    the notes of whoever saved it
/// A file of version 2 may carry a self-test: `self_test.x`, `self_test.y` and `self_test.tolerance`.
namespace kan {

/// The newest version of the format that is read. What needs nothing of it is written as version 1.
constexpr int model_file_version = 2;

/// A few inputs and what a network says to them.
struct SelfTest {
  std::size_t rows = 0;
  std::vector<double> x = {};          ///< [rows][I]
  std::vector<double> y = {};          ///< [rows][O], calculated in double
  std::vector<double> tolerance = {};  ///< [2][O], of answers in float, and in double
};

/// Whether a file's self-test is run when it is read.
enum class Verify { yes, no };

/// A self-test of these inputs [rows][I]. The tolerances of each output are some rounding errors of its
/// largest answer and of what is added up to make it, and some times what float itself gets wrong here.
/// Throws: std::invalid_argument if there are no rows, or inputs do not fit 32 bits or answers are not
/// finite.
template <class T>
SelfTest make_self_test(const Network<T>& network, std::vector<double> x);

/// Throws: FormatError with the first answer of the network that is further off than the tolerance,
/// std::invalid_argument if the test is one of a network of another shape.
template <class T>
void run_self_test(const Network<T>& network, const SelfTest& test);

/// A network and what its file carried along.
template <class T>
struct LoadedModel {
  Network<T> network;
  StringMap notes;
  SelfTest self_test = {};  ///< without rows where the file has none
};

/// The bytes of a model file; the same model gives the same bytes.
/// Throws: std::invalid_argument if a parameter is not finite, a masked one is not 0, a note is not
/// valid UTF-8, the architecture is too long for a file, or the self-test is one of another shape.
template <class T>
std::vector<std::byte> serialize_model(const Network<T>& network, const StringMap& notes = {},
                                       const SelfTest& self_test = {});

/// Writes a model file; whoever opens the path at any time finds the old or the new file whole.
///
/// The file keeps the permission bits of the one it replaces; a link at the path stays, and the
/// file behind it is replaced. A process killed meanwhile leaves `.kan-<pid>-<n>.tmp` beside it.
/// Throws: as `serialize_model`, and std::system_error with the path and errno; the old file is
/// intact then.
template <class T>
void save_model(const std::string& path, const Network<T>& network, const StringMap& notes = {},
                const SelfTest& self_test = {});

/// How the model's numbers are stored: DType::f32 or DType::f64.
/// Throws: FormatError if there are none of these.
DType model_dtype(const SafetensorsFile& file);

/// The model in a file, its numbers converted by value to T.
///
/// Nothing but FormatError (and std::bad_alloc) is thrown, whatever the bytes are, unless KAN_ISA is
/// wrong and a self-test runs. Memory: the file and the network's numbers.
/// Throws: FormatError saying why, unless everything in the file is as it should be.
template <class T>
LoadedModel<T> parse_model(SafetensorsFile file, Verify verify = Verify::yes);

template <class T>
LoadedModel<T> parse_model(std::vector<std::byte> bytes, Verify verify = Verify::yes);

/// Throws: std::system_error if the file cannot be read, FormatError naming the path.
template <class T>
LoadedModel<T> load_model(const std::string& path, Verify verify = Verify::yes);

}  // namespace kan
