#include "cli/wire_texts.h"

#include <string>
#include <utility>

#include "cli/report.h"
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
  return followed_by({max_option(
      "the most output of a command (default: no limit); on the other wires the longest reply "
      "(default 64MiB)")});
}

std::vector<Definition> server_wire_options() {
  return followed_by(
      {max_option("the most output of a command, which is killed above that (default: no limit); "
                  "on the other wires the longest reply (default 64MiB)"),
       {"timeout=TIME", "how long one command may take (default none)"},
       {"cwd=/PATH", "the directory where commands start (default: your home directory, else /)"},
       {"commands=N", "wire=hotline: how many commands may run at once (default 1536)"},
       {"commands-per-caller=N",
        "wire=hotline: how many of them one caller may run (default: three quarters)"},
       {"jobs=N",
        "wire=hotline: how many jobs are kept, of those that run and those that have ended; 0: "
        "none (default 64)"},
       {"jobs-per-caller=N",
        "wire=hotline: how many of them one caller may have (default: three quarters)"},
       {"env=LIST",
        "wire=hotline: the variables that callers may set, as in LC_*,TZ, or none (default: all "
        "but "
        "those that change which code a program loads)"},
       {"audit=/PATH",
        "wire=hotline: a file that gets one JSON object a line for each command; it is made with "
        "mode 0600, and opened again at SIGHUP"}});
}

Error has_no_effect(const std::string& option) {
  return usage_error(option + " has no effect on the wire 'hotline', where each reply has an end",
                     "leave it out; a server of the socket course needs ?wire=plain, ready or i32 "
                     "after the endpoint");
}

}  // namespace hotline::cli
