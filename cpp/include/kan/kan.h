/* Trained networks from C, and from whatever speaks C. A C++ program has kan/model.hpp.
 *
 * A model never changes after loading: any number of threads may use one. Functions that can fail
 * return a status; kan_last_error() has the reason in words. Pointers to x, y, models and scratch must
 * not be null unless there is nothing to read or write: null is refused with KAN_BAD_ARGUMENT. x, y and
 * scratch must not overlap.
 *
 * A row has the numbers that the network takes. A model that was pruned of inputs in Python takes fewer
 * than its data have columns: `python -m kan info` says which. */
#ifndef KAN_KAN_H
#define KAN_KAN_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef KAN_API
#define KAN_API
#endif

/* Grows when something is added; what is there keeps its meaning within a major version of kan. */
#define KAN_ABI_VERSION 1

typedef enum kan_status {
  KAN_OK = 0,
  KAN_BAD_ARGUMENT = 1,        /* null, an unknown flag, or a model of the other type of numbers */
  KAN_BAD_FORMAT = 2,          /* not a model, damaged, or its self-test fails */
  KAN_CANNOT_READ = 3,         /* the file cannot be opened or read */
  KAN_NO_MEMORY = 4,
  KAN_WORKSPACE_TOO_SMALL = 5, /* less than kan_workspace_bytes(model, 1) */
  KAN_NOT_FINITE = 6,          /* an input is NaN or infinite */
  KAN_OUTSIDE_GRID = 7,        /* an input is outside its grid, and the model was told to mind */
  KAN_UNEXPECTED = 8           /* a defect of this library */
} kan_status;

typedef enum kan_dtype { KAN_FLOAT32 = 0, KAN_FLOAT64 = 1 } kan_dtype;

/* Flags of loading. */
#define KAN_SKIP_SELF_TEST 1u

typedef struct kan_model kan_model;

/* KAN_ABI_VERSION of the library that runs, and "0.1.0". */
KAN_API int kan_abi_version(void);
KAN_API const char* kan_version(void);

/* Why the last call of this thread that failed did so; "" before the first. Never null; valid until the
 * thread's next call that fails. */
KAN_API const char* kan_last_error(void);

/* Load a model whose numbers become dtype, from a file or from its bytes. On failure *model is null. */
KAN_API kan_status kan_load(const char* path, kan_dtype dtype, unsigned flags, kan_model** model);
KAN_API kan_status kan_parse(const void* bytes, size_t count, kan_dtype dtype, unsigned flags,
                             kan_model** model);
KAN_API void kan_free(kan_model* model); /* null is no harm */

/* 0 of a null model. */
KAN_API size_t kan_inputs(const kan_model* model);
KAN_API size_t kan_outputs(const kan_model* model);

/* Scratch with which prediction works through so many rows at its best pace; that for one row serves
 * any number. 0 of a null model. */
KAN_API size_t kan_workspace_bytes(const kan_model* model, size_t rows);

/* x [rows][inputs], y [rows][outputs], by rows. For real time: no allocation, lock, thread or system
 * call unless it fails. */
KAN_API kan_status kan_predict_float(const kan_model* model, const float* x, size_t rows, float* y,
                                     void* scratch, size_t scratch_bytes);
KAN_API kan_status kan_predict_double(const kan_model* model, const double* x, size_t rows, double* y,
                                      void* scratch, size_t scratch_bytes);

/* The same with threads and memory of its own. */
KAN_API kan_status kan_predict_parallel_float(const kan_model* model, const float* x, size_t rows,
                                              float* y);
KAN_API kan_status kan_predict_parallel_double(const kan_model* model, const double* x, size_t rows,
                                               double* y);

#ifdef __cplusplus
}
#endif

#endif
