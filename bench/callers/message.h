#pragma once

#include <string>

#include "options.h"

namespace bench {

// A message of `bytes` letters as it goes over the wire. An empty one on the raw wire is a newline.
std::string message_of(Wire wire, std::size_t bytes);

// What an upper-case server answers to it.
std::string reply_of(Wire wire, std::size_t bytes);

// As many whole messages as fill one send, one at least.
std::string many_messages(Wire wire, std::size_t bytes);

// The beginning of a message of which `bytes` come and the rest does not.
std::string begun_message(Wire wire, std::size_t bytes);

}  // namespace bench
