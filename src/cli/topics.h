#pragma once

#include <string>
#include <vector>

namespace hotline::cli {

/// A subject that help explains, besides commands and services.
struct Topic {
  std::string name;     ///< `endpoints`.
  std::string also;     ///< Another name, `endpoint`; empty if there is none.
  std::string summary;  ///< One line.
  std::string title;    ///< The heading in the man page.
  std::string text;     ///< In the form that fill() takes.
};

/// Returns the topics, in the order in which help lists them.
std::vector<Topic> make_topics();

/// Returns the exit statuses, as a table.
std::string status_table();

}  // namespace hotline::cli
