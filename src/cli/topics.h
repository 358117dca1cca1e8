#pragma once

#include <string>
#include <vector>

namespace hotline::cli {

/// Something that help explains, besides commands and services.
struct Topic {
  std::string name;     ///< `endpoints`.
  std::string also;     ///< Another name, `endpoint`; empty if there is none.
  std::string summary;  ///< One line.
  std::string title;    ///< The heading in the man page.
  std::string text;     ///< As fill() takes it.
};

/// Returns the topics, in the order in which help lists them.
std::vector<Topic> make_topics();

/// Returns the exit statuses, as a table.
std::string status_table();

}  // namespace hotline::cli
