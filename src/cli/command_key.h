#pragma once

#include <string>

#include "cli/subcommand.h"
#include "hotline/auth/key_record.h"
#include "hotline/core/result.h"

namespace hotline::cli {

struct KeyAction;

/// What a command line of `hotline key` asks for.
struct KeyOptions {
  const KeyAction* action = nullptr;  ///< Static.
  KeySelector selector{};             ///< With an empty name for an action on no single key.
};

/// Fails with `invalid_argument`, with a hint.
Result<KeyOptions> read_key(const Arguments& given);

/// `hotline key`.
Subcommand key_subcommand();

}  // namespace hotline::cli
