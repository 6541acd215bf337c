/* Asks a trained model from C. Usage: embed MODEL, a file such as `python -m kan demo` leaves or
 * example_train writes: both have learnt exp(sin(pi x) + y^2). */

#include <kan/kan.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

int main(int count, char** arguments) {
  kan_model* model = NULL;
  const char* path = count > 1 ? arguments[1] : "model.safetensors";
  if (kan_load(path, KAN_FLOAT64, 0, &model) != KAN_OK) {
    fprintf(stderr, "%s\n", kan_last_error());
    return 1;
  }
  printf("%d inputs, %d outputs\n", (int)kan_inputs(model), (int)kan_outputs(model));

  enum { rows = 3 };
  const double x[rows][2] = {{0.5, 0.5}, {-0.25, 0.75}, {0.0, -0.1}};
  double y[rows] = {0};
  const size_t bytes = kan_workspace_bytes(model, rows);
  void* scratch = malloc(bytes);
  kan_status status = KAN_BAD_ARGUMENT;
  if (kan_inputs(model) == 2 && kan_outputs(model) == 1) {
    status = kan_predict_double(model, &x[0][0], rows, y, scratch, bytes);
    if (status != KAN_OK) fprintf(stderr, "%s\n", kan_last_error());
  }
  int close = status == KAN_OK;
  for (int n = 0; close && n < rows; ++n) {
    const double exact = exp(sin(3.141592653589793 * x[n][0]) + x[n][1] * x[n][1]);
    printf("f(%5.2f, %5.2f) = %.4f, the model says %.4f\n", x[n][0], x[n][1], exact, y[n]);
    close = fabs(y[n] - exact) < 0.05;
  }
  free(scratch);
  kan_free(model);
  return close ? 0 : 1;
}
