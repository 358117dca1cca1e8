#include "cli/wire_texts.h"

#include <string>
#include <utility>

#include "hotline/services/command.h"

namespace hotline::cli {
namespace {

std::vector<Definition> followed_by(std::vector<Definition> more) {
  std::vector<Definition> all = wire_options();
  for (Definition& each : more) all.push_back(std::move(each));
  return all;
}

Definition max_option(std::string text) { return {"max=BYTES", std::move(text)}; }

}  // namespace

std::vector<Definition> wire_options() {
  std::vector<Definition> options;
  for (const Choice& wire : command_wire_names()) {
    options.push_back({"wire=" + std::string(wire.form), std::string(wire.summary)});
  }
  return options;
}

std::vector<Definition> client_wire_options() {
  return followed_by({max_option("the longest reply (default 64MiB); a longer one is an error")});
}

std::vector<Definition> server_wire_options() {
  return followed_by(
      {max_option("the longest reply (default 64MiB); a longer one resets the connection"),
       {"timeout=TIME", "how long one command may take (default none)"},
       {"cwd=/PATH", "the directory where commands start (default: your home directory, else /)"}});
}

}  // namespace hotline::cli
