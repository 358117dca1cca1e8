#include "cli/man_page.h"

#include <ranges>

#include <doctest/doctest.h>

#include "cli/subcommands.h"

namespace hotline::cli::man_page_test {
namespace {

std::vector<std::string> all_pages() {
  std::vector<std::string> pages = {program_man_page("1.2.3")};
  for (const Subcommand& each : make_subcommands()) pages.push_back(man_page_of(each, "1.2.3"));
  return pages;
}

}  // namespace

TEST_CASE("no character of a text is a request or an escape in roff") {
  CHECK(roff_escape("a-b") == "a\\-b");
  CHECK(roff_escape("\\n") == "\\en");
  CHECK(roff_escape(".TH\n'x\na.b") == "\\&.TH\n\\&\\(aqx\na.b");
  CHECK(roff_escape("^~`") == "\\(ha\\(ti\\(ga");
}

TEST_CASE("each page has the sections that man pages have, in their order") {
  for (const std::string& page : all_pages()) {
    std::size_t position = 0;
    for (const std::string section :
         {".TH HOTLINE", "hotline 1.2.3", ".SH NAME\n", ".SH SYNOPSIS\n", ".SH DESCRIPTION\n",
          ".SH OPTIONS\n", ".SH EXIT STATUS\n", ".SH SEE ALSO\n"}) {
      const std::string wanted = section == ".TH HOTLINE" ? ".TH " : section;
      CAPTURE(wanted);
      const std::size_t found = page.find(wanted, position);
      REQUIRE(found != std::string::npos);
      position = found;
    }
  }
}

TEST_CASE("each line that begins with a point is a request that is known") {
  for (const std::string& page : all_pages()) {
    for (const auto part : std::views::split(page, '\n')) {
      const std::string_view line(part);
      if (!line.starts_with('.')) continue;
      CAPTURE(line);
      bool is_known =
          line.starts_with(".\\\"") || line.starts_with(".TH ") || line.starts_with(".SH ");
      for (const std::string_view request : {".PP", ".TP", ".nf", ".fi"})
        is_known |= line == request;
      CHECK(is_known);
    }
  }
}

TEST_CASE("the page of a command describes each option that it lists") {
  for (const Subcommand& each : make_subcommands()) {
    const std::string page = man_page_of(each, "1");
    CHECK(page.find("hotline\\-" + each.name + " \\- ") != std::string::npos);
    for (const OptionRow& row : each.options) {
      CAPTURE(row.name);
      const bool is_there = page.find("\\fB" + roff_escape(row.name) + "\\fR") != std::string::npos;
      CHECK(is_there == row.is_listed);
    }
  }
}

}  // namespace hotline::cli::man_page_test
