#include "cli/call_options.h"

#include "cli/option_values.h"
#include "hotline/core/duration.h"

namespace hotline::cli {

std::vector<OptionRow> call_rows() {
  const CallOptions defaults;
  return {
      {.name = "--linger",
       .value = "TIME",
       .help = "wait TIME for a reply, and at the end for more of them (default " +
               format_duration(defaults.linger) + ")"},
      {.name = "--timeout",
       .value = "TIME",
       .help = "fail if connecting takes longer than TIME, or if the peer accepts no data for TIME "
               "(default " +
               format_duration(defaults.timeout) + ")"},
      raw_row(),
      reply_json_row(),
      {.name = "--home", .value = "DIR", .help = "keep the history of typed lines in DIR"},
  };
}

Result<CallOptions> read_call_options(const Arguments& given) {
  CallOptions options;
  if (auto read = read_duration(given, "--linger", options.linger); !read) {
    return fail(read.error());
  }
  if (auto read = read_limit(given, "--timeout", options.timeout); !read) return fail(read.error());
  options.controls = read_controls(given);
  return options;
}

}  // namespace hotline::cli
