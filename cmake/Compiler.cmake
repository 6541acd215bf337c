# How this project compiles its own targets. None of it reaches a project that links kan::kan.

set(kan_gnu_like OFF)
if(CMAKE_CXX_COMPILER_ID MATCHES "GNU|Clang" AND NOT MSVC)
  set(kan_gnu_like ON)
endif()

# Everything is instrumented or nothing is: the options hold for all targets of the build.
if(KAN_SANITIZE)
  string(REPLACE ";" "," kan_sanitizers "${KAN_SANITIZE}")
  set(kan_sanitize_flags -fsanitize=${kan_sanitizers} -fno-sanitize-recover=all
                         -fno-omit-frame-pointer)
  add_compile_options(${kan_sanitize_flags})
  add_link_options(${kan_sanitize_flags})
endif()

# C++17 without extensions, hidden symbols, code that a shared module can hold, and warnings.
function(kan_compile_settings target)
  set_target_properties(${target} PROPERTIES
    CXX_EXTENSIONS OFF
    CXX_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON
    POSITION_INDEPENDENT_CODE ON)
  target_compile_features(${target} PRIVATE cxx_std_17)
  if(MSVC)
    target_compile_options(${target} PRIVATE /W4 /permissive- $<$<BOOL:${KAN_WERROR}>:/WX>)
  elseif(kan_gnu_like)
    target_compile_options(${target} PRIVATE
      -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wdouble-promotion
      -Wold-style-cast -Wnon-virtual-dtor -Woverloaded-virtual -Wcast-align -Wundef -Wvla
      $<$<BOOL:${KAN_WERROR}>:-Werror>)
  endif()
endfunction()

# Arithmetic that keeps its promises: nothing is reordered, and a product and a sum are fused only
# in the kernel files below, so that every batch size gives the same bits. What
# is given up, errno and floating-point traps, nobody reads, and it stood in the way of vectors.
function(kan_arithmetic_settings target)
  if(MSVC)
    target_compile_options(${target} PRIVATE /fp:precise)
  elseif(kan_gnu_like)
    target_compile_options(${target} PRIVATE
      -ffp-contract=off -fno-math-errno -fno-trapping-math)
  endif()
endfunction()

# One kernel file per instruction set, chosen at run time. Here alone products and sums may be fused:
# these loops run over whole vectors, so that every row of a batch is treated alike. Clang fuses what
# remains of a loop in another way than the loop: there only what is fused by name is.
function(kan_instruction_set_settings folder)
  if(NOT kan_gnu_like)
    return()
  endif()
  set(fuse "-ffp-contract=fast")
  if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    set(fuse "-ffp-contract=off;-Wno-pass-failed")  # a loop that stays scalar is no fault
  endif()
  set_source_files_properties(${folder}/baseline.cpp PROPERTIES COMPILE_OPTIONS "${fuse}")
  if(NOT CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    return()
  endif()
  set_source_files_properties(${folder}/avx2.cpp PROPERTIES
    COMPILE_OPTIONS "-mavx2;-mfma;${fuse}")
  set_source_files_properties(${folder}/avx512.cpp PROPERTIES
    COMPILE_OPTIONS
    "-mavx512f;-mavx512dq;-mavx512bw;-mavx512vl;-mfma;-mprefer-vector-width=512;${fuse}")
endfunction()
