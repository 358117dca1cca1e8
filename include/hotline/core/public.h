#pragma once

static_assert(__cplusplus >= 202100L, "hotline needs C++23: compile with -std=c++23");

/// Written after the name of namespace hotline in public headers: what is declared there can be
/// linked from outside a shared library; everything else is hidden.
#define HOTLINE_PUBLIC __attribute__((visibility("default")))
