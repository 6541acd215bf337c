/* Usage: consumer_c MODEL X1 X2 EXPECTED TOLERANCE */

#include <kan/kan.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int count, char** arguments) {
  if (count != 6 || strcmp(kan_version(), EXPECTED_VERSION) != 0) return 2;
  kan_model* model = NULL;
  if (kan_load(arguments[1], KAN_FLOAT64, 0, &model) != KAN_OK) {
    fprintf(stderr, "%s\n", kan_last_error());
    return 1;
  }
  const double x[2] = {strtod(arguments[2], NULL), strtod(arguments[3], NULL)};
  double y = 0.0;
  const size_t bytes = kan_workspace_bytes(model, 1);
  void* scratch = malloc(bytes);
  const kan_status status = kan_predict_double(model, x, 1, &y, scratch, bytes);
  free(scratch);
  kan_free(model);
  if (status != KAN_OK) return 1;
  printf("%.17g\n", y);
  return fabs(y - strtod(arguments[4], NULL)) <= strtod(arguments[5], NULL) ? 0 : 1;
}
