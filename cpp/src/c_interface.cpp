#include "kan/kan.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <utility>
#include <variant>
#include <vector>

#include "kan/errors.hpp"
#include "kan/model.hpp"
#include "kan/version.hpp"

struct kan_model {
  std::variant<kan::Model<float>, kan::Model<double>> either;
};

namespace {

thread_local char last_error[1024] = "";

/// Notes why a call failed, cut to what there is room for.
kan_status fail(kan_status status, std::string_view reason) noexcept {
  const std::size_t length = std::min(reason.size(), sizeof last_error - 1);
  std::memcpy(last_error, reason.data(), length);
  last_error[length] = '\0';
  return status;
}

kan_status told(kan::Status status) noexcept {
  switch (status) {
    case kan::Status::ok: return KAN_OK;
    case kan::Status::workspace_too_small:
      return fail(KAN_WORKSPACE_TOO_SMALL, kan::status_text(status));
    case kan::Status::not_finite: return fail(KAN_NOT_FINITE, kan::status_text(status));
    case kan::Status::outside_grid: return fail(KAN_OUTSIDE_GRID, kan::status_text(status));
    case kan::Status::wrong_plan: break;
  }
  return fail(KAN_UNEXPECTED, kan::status_text(status));
}

/// Runs what may throw.
template <class Call>
kan_status guarded(const Call& call) noexcept {
  try {
    return call();
  } catch (const kan::FormatError& error) {
    return fail(KAN_BAD_FORMAT, error.what());
  } catch (const std::system_error& error) {
    return fail(KAN_CANNOT_READ, error.what());
  } catch (const std::bad_alloc&) {
    return fail(KAN_NO_MEMORY, "out of memory");
  } catch (const std::invalid_argument& error) {
    return fail(KAN_BAD_ARGUMENT, error.what());
  } catch (const std::exception& error) {
    return fail(KAN_UNEXPECTED, error.what());
  }
}

/// Makes *model by make_float(verify) or make_double(verify).
template <class MakeFloat, class MakeDouble>
kan_status make_model(kan_dtype dtype, unsigned flags, kan_model** model, const MakeFloat& of_float,
                      const MakeDouble& of_double) noexcept {
  if (model == nullptr) return fail(KAN_BAD_ARGUMENT, "model must not be null");
  *model = nullptr;
  if ((flags & ~KAN_SKIP_SELF_TEST) != 0) return fail(KAN_BAD_ARGUMENT, "flags has unknown bits");
  if (dtype != KAN_FLOAT32 && dtype != KAN_FLOAT64) {
    return fail(KAN_BAD_ARGUMENT, "dtype must be KAN_FLOAT32 or KAN_FLOAT64");
  }
  const auto verify = (flags & KAN_SKIP_SELF_TEST) != 0 ? kan::Verify::no : kan::Verify::yes;
  return guarded([&] {
    *model = dtype == KAN_FLOAT32 ? new kan_model{of_float(verify)}  // freed by kan_free
                                  : new kan_model{of_double(verify)};
    return KAN_OK;
  });
}

/// The model if its numbers are of type T and the arrays are there, else null with the reason noted.
template <class T>
const kan::Model<T>* usable(const kan_model* model, const T* x, std::size_t rows,
                            const T* y) noexcept {
  if (model == nullptr) {
    fail(KAN_BAD_ARGUMENT, "model must not be null");
    return nullptr;
  }
  if (rows > 0 && (x == nullptr || y == nullptr)) {
    fail(KAN_BAD_ARGUMENT, "x and y must not be null");
    return nullptr;
  }
  const auto* own = std::get_if<kan::Model<T>>(&model->either);
  if (own == nullptr) fail(KAN_BAD_ARGUMENT, "the model was loaded with the other dtype");
  return own;
}

template <class T>
kan_status predict(const kan_model* model, const T* x, std::size_t rows, T* y, void* scratch,
                   std::size_t scratch_bytes) noexcept {
  const kan::Model<T>* own = usable(model, x, rows, y);
  if (own == nullptr) return KAN_BAD_ARGUMENT;
  if (rows == 0) return KAN_OK;
  if (scratch == nullptr) return fail(KAN_BAD_ARGUMENT, "scratch must not be null");
  return told(own->predict(x, rows, y, {scratch, scratch_bytes}));
}

template <class T>
kan_status predict_parallel(const kan_model* model, const T* x, std::size_t rows, T* y) noexcept {
  const kan::Model<T>* own = usable(model, x, rows, y);
  if (own == nullptr) return KAN_BAD_ARGUMENT;
  return guarded([&] { return told(own->predict_parallel(x, rows, y)); });
}

}  // namespace

int kan_abi_version(void) { return KAN_ABI_VERSION; }

const char* kan_version(void) { return kan::version; }

const char* kan_last_error(void) { return last_error; }

kan_status kan_load(const char* path, kan_dtype dtype, unsigned flags, kan_model** model) {
  if (path == nullptr) {
    if (model != nullptr) *model = nullptr;
    return fail(KAN_BAD_ARGUMENT, "path must not be null");
  }
  return make_model(
      dtype, flags, model, [&](kan::Verify v) { return kan::Model<float>::load(path, v); },
      [&](kan::Verify v) { return kan::Model<double>::load(path, v); });
}

kan_status kan_parse(const void* bytes, size_t count, kan_dtype dtype, unsigned flags,
                     kan_model** model) {
  if (bytes == nullptr && count > 0) {
    if (model != nullptr) *model = nullptr;
    return fail(KAN_BAD_ARGUMENT, "bytes must not be null");
  }
  if (count > std::vector<std::byte>().max_size()) {
    if (model != nullptr) *model = nullptr;
    return fail(KAN_NO_MEMORY, "more bytes than there can be");
  }
  const auto* first = static_cast<const std::byte*>(bytes);
  const auto copy = [&] { return std::vector<std::byte>(first, first + count); };
  return make_model(
      dtype, flags, model, [&](kan::Verify v) { return kan::Model<float>::parse(copy(), v); },
      [&](kan::Verify v) { return kan::Model<double>::parse(copy(), v); });
}

void kan_free(kan_model* model) { delete model; }

size_t kan_inputs(const kan_model* model) {
  if (model == nullptr) return 0;
  return std::visit([](const auto& own) { return static_cast<std::size_t>(own.inputs()); },
                    model->either);
}

size_t kan_outputs(const kan_model* model) {
  if (model == nullptr) return 0;
  return std::visit([](const auto& own) { return static_cast<std::size_t>(own.outputs()); },
                    model->either);
}

size_t kan_workspace_bytes(const kan_model* model, size_t rows) {
  if (model == nullptr) return 0;
  return std::visit([rows](const auto& own) { return own.workspace_bytes(rows); }, model->either);
}

kan_status kan_predict_float(const kan_model* model, const float* x, size_t rows, float* y,
                             void* scratch, size_t scratch_bytes) {
  return predict(model, x, rows, y, scratch, scratch_bytes);
}

kan_status kan_predict_double(const kan_model* model, const double* x, size_t rows, double* y,
                              void* scratch, size_t scratch_bytes) {
  return predict(model, x, rows, y, scratch, scratch_bytes);
}

kan_status kan_predict_parallel_float(const kan_model* model, const float* x, size_t rows,
                                      float* y) {
  return predict_parallel(model, x, rows, y);
}

kan_status kan_predict_parallel_double(const kan_model* model, const double* x, size_t rows,
                                       double* y) {
  return predict_parallel(model, x, rows, y);
}
