#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "kan/jet.hpp"
#include "kan/model_file.hpp"
#include "kan/network.hpp"

namespace kan {

/// How a call of `Model` ended. All but `ok` leave the outputs as they were.
enum class Status {
  ok,
  workspace_too_small,  ///< less than `workspace_bytes(1)`
  not_finite,           ///< an input is NaN or infinite
  outside_grid,         ///< an input is outside its grid, which Extrapolation::error forbids
  wrong_plan            ///< a JetPlan for another number of inputs
};

/// "an input is NaN or infinite", ...
const char* status_text(Status status) noexcept;

/// Memory of the caller's for one call; any alignment will do.
struct Workspace {
  std::byte* data;
  std::size_t bytes;

  Workspace(void* data_, std::size_t bytes_) noexcept
      : data(static_cast<std::byte*>(data_)), bytes(bytes_) {}

  /// Of a vector or an array of bytes.
  template <class Bytes, class = decltype(std::declval<Bytes&>().data())>
  Workspace(Bytes& all) noexcept  // NOLINT(google-explicit-constructor): as a span would
      : Workspace(static_cast<void*>(all.data()), all.size() * sizeof(*all.data())) {}
};

struct JetRules;

/// What a jet of some order needs to know beforehand: made once, shared by any number of threads.
class JetPlan {
 public:
  /// Time and memory grow like inputs^(2 order): meant for a few inputs, or for order 1.
  /// Throws: as JetShape, and std::bad_alloc.
  JetPlan(int inputs, int order);
  ~JetPlan();
  JetPlan(JetPlan&&) noexcept;
  JetPlan(const JetPlan&) = delete;
  JetPlan& operator=(const JetPlan&) = delete;
  JetPlan& operator=(JetPlan&&) = delete;

  const JetShape& shape() const noexcept;

 private:
  template <class T>
  friend class Model;
  std::unique_ptr<const JetRules> rules_;
};

/// A trained network for programs that only ask it: nothing in it changes after loading, and any number
/// of threads may share one.
///
/// `predict` and `jet` are for real time: they do not allocate, lock, throw, open threads or call the
/// system, and take time in proportion to the rows. Their results are the bits that Evaluator and
/// JetEvaluator give, for a row alone and in a batch, on the same instruction set. Inputs, outputs and
/// scratch must not overlap.
///
/// A row has the numbers that the network takes. A model that was pruned of inputs in Python takes
/// fewer than its data have columns: `python -m kan info` says which.
template <class T>
class Model {
 public:
  /// The model in a file, its numbers converted to T. The self-test that the file may carry is run
  /// unless told otherwise.
  /// Throws: std::system_error if the file cannot be read, FormatError naming the path and the reason,
  /// std::bad_alloc, and std::invalid_argument if KAN_ISA names no instruction set of this machine.
  static Model load(const std::string& path, Verify verify = Verify::yes);

  /// The same from the bytes of a file.
  static Model parse(std::vector<std::byte> bytes, Verify verify = Verify::yes);

  /// Throws: std::invalid_argument as `load`.
  explicit Model(Network<T> network, StringMap notes = {});

  int inputs() const noexcept { return network_.architecture().inputs(); }
  int outputs() const noexcept { return network_.architecture().outputs(); }
  const Network<T>& network() const noexcept { return network_; }
  const StringMap& notes() const noexcept { return notes_; }  ///< of whoever saved the file

  /// Bytes with which `predict` works through so many rows at its best pace. They do not grow
  /// beyond some number of rows, and those for one row serve any number, more slowly.
  std::size_t workspace_bytes(std::size_t rows) const noexcept;

  /// Shapes: x [rows][inputs], y [rows][outputs]. Writes: y, all of it or nothing.
  Status predict(const T* x, std::size_t rows, T* y, Workspace scratch) const noexcept;

  /// The same with all threads that `set_thread_count` allows; it may allocate.
  /// Throws: std::bad_alloc.
  Status predict_parallel(const T* x, std::size_t rows, T* y) const;

  /// What `jet` needs, as `workspace_bytes`. The plan is one for as many inputs.
  /// Throws: std::bad_alloc.
  std::size_t jet_workspace_bytes(const JetPlan& plan, std::size_t rows) const;

  /// Outputs and their partial derivatives along the inputs.
  /// Shapes: x [rows][inputs], jets [plan.shape().size()][rows][outputs]. Writes: jets, all or nothing.
  Status jet(const JetPlan& plan, const T* x, std::size_t rows, T* jets,
             Workspace scratch) const noexcept;

 private:
  Status check_inputs(const T* x, std::size_t rows) const noexcept;
  std::size_t rows_within(std::size_t bytes, std::size_t rows) const noexcept;

  Network<T> network_;
  StringMap notes_;
  std::size_t most_rows_;  // of a chunk, which takes fixed_bytes_ + its stride * place_bytes_
  std::size_t fixed_bytes_ = 0;
  std::size_t place_bytes_ = 0;
};

extern template class Model<float>;
extern template class Model<double>;

}  // namespace kan
