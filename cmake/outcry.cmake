# One function for each kind of target. A folder's CMakeLists.txt says what it depends on here and nowhere else:
# tools/check_style compares every #include with these DEPENDS.

option(OUTCRY_WARNINGS_AS_ERRORS "treat warnings as errors (our presets; a user's newer compiler must not break his build)" OFF)
option(OUTCRY_TESTS "build tests, micro-benchmarks and corpus replays" ON)
option(OUTCRY_LIBFUZZER "build the fuzz targets with libFuzzer (clang only)" OFF)
set(OUTCRY_SANITIZE "" CACHE STRING "comma-separated sanitizers")

add_library(outcry_options INTERFACE)
target_compile_features(outcry_options INTERFACE cxx_std_23)
target_include_directories(outcry_options INTERFACE ${PROJECT_SOURCE_DIR}/src)
# Designated initialisers name what differs from the defaults; that the rest is left out is the point.
target_compile_options(outcry_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-missing-field-initializers)
# GCC 12 sees uninitialised std::optional members where there are none once it optimises; the sanitizers look for real ones.
target_compile_options(outcry_options INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
if(OUTCRY_WARNINGS_AS_ERRORS)
  target_compile_options(outcry_options INTERFACE -Werror)
endif()
if(OUTCRY_LIBFUZZER)
  set(OUTCRY_SANITIZE "address,undefined,fuzzer-no-link")
endif()
if(OUTCRY_SANITIZE)
  target_compile_options(outcry_options INTERFACE -fsanitize=${OUTCRY_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer -O1)
  target_link_options(outcry_options INTERFACE -fsanitize=${OUTCRY_SANITIZE})
endif()
if(OUTCRY_SANITIZE STREQUAL "thread")
  # ThreadSanitizer doesn't see fences, so GCC refuses them; Asio's own mutexes order its handlers without them.
  target_compile_definitions(outcry_options INTERFACE BOOST_ASIO_DISABLE_FENCED_BLOCK)
endif()
target_link_options(outcry_options INTERFACE -fuse-ld=lld)

# outcry_module(NAME SOURCES a.cpp… [DEPENDS outcry::base…] [PRIVATE_DEPENDS Boost::headers…] [PRECOMPILE "<boost/asio.hpp>"…])
# DEPENDS are the project's folders that this one may include (and packages that its headers need).
function(outcry_module name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;PRIVATE_DEPENDS;PRECOMPILE" ${ARGN})
  add_library(outcry_${name} STATIC ${ARG_SOURCES})
  add_library(outcry::${name} ALIAS outcry_${name})
  target_link_libraries(outcry_${name} PUBLIC outcry_options ${ARG_DEPENDS} PRIVATE ${ARG_PRIVATE_DEPENDS})
  if(ARG_PRECOMPILE)
    target_precompile_headers(outcry_${name} PRIVATE ${ARG_PRECOMPILE})
  endif()
endfunction()

# outcry_test(NAME SOURCES a_test.cpp… DEPENDS outcry::x… [LABELS unit]): a GoogleTest program, one CTest test.
function(outcry_test name)
  if(NOT OUTCRY_TESTS)
    return()
  endif()
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;LABELS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE outcry_options ${ARG_DEPENDS} GTest::gmock GTest::gtest_main)
  target_compile_definitions(${name} PRIVATE OUTCRY_TEST_VECTORS="${PROJECT_SOURCE_DIR}/tests/vectors")
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT 300)
endfunction()

# outcry_fuzz(NAME SOURCES a_fuzz.cpp DEPENDS outcry::x…): with libFuzzer in the fuzz preset; elsewhere a plain program that
# replays the corpus, which lies beside the target in corpus/NAME, and a CTest test of that. MUTATOR names sources for
# libFuzzer alone, which know the grammar; corpus/NAME.dict, if it is there, the words of it.
function(outcry_fuzz name)
  cmake_parse_arguments(ARG "" "" "SOURCES;MUTATOR;DEPENDS" ${ARGN})
  if(OUTCRY_LIBFUZZER)
    add_executable(${name} ${ARG_SOURCES} ${ARG_MUTATOR})
    target_link_libraries(${name} PRIVATE outcry_options ${ARG_DEPENDS})
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    set_property(GLOBAL APPEND PROPERTY OUTCRY_FUZZ_TARGETS "${name} ${CMAKE_CURRENT_SOURCE_DIR}/corpus/${name}")
  elseif(OUTCRY_TESTS)
    add_executable(${name} ${ARG_SOURCES} ${PROJECT_SOURCE_DIR}/tests/fuzz_replay_main.cpp)
    target_link_libraries(${name} PRIVATE outcry_options ${ARG_DEPENDS})
    add_test(NAME ${name} COMMAND ${name} ${CMAKE_CURRENT_SOURCE_DIR}/corpus/${name})
    set_tests_properties(${name} PROPERTIES LABELS "unit;fuzz_replay" TIMEOUT 300)
  endif()
endfunction()

# outcry_benchmark(NAME SOURCES a_benchmark.cpp DEPENDS outcry::x…): a Google Benchmark program; never part of a verdict.
function(outcry_benchmark name)
  find_package(benchmark QUIET)
  if(NOT benchmark_FOUND OR OUTCRY_LIBFUZZER)
    return()
  endif()
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  add_executable(${name} EXCLUDE_FROM_ALL ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE outcry_options ${ARG_DEPENDS} benchmark::benchmark_main)
endfunction()
