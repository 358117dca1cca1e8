#pragma once

/// Written after the name of namespace hotline in public headers: what is declared there can be
/// linked from outside a shared library; everything else is hidden.
#define HOTLINE_PUBLIC __attribute__((visibility("default")))
