#include <cstdio>
#include <string>

#include "cli/build_facts.h"
#include "cli/completions.h"
#include "cli/man_page.h"
#include "cli/subcommands.h"

// Run while the program is built: writes its man pages and completions into the folders man/man1
// and completions below the folder that is given.

namespace {

using namespace hotline::cli;

bool write(const std::string& path, const std::string& text) {
  std::FILE* file = std::fopen(path.c_str(), "w");
  if (file == nullptr) {
    std::perror(path.c_str());
    return false;
  }
  const bool is_whole = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  const bool is_closed = std::fclose(file) == 0;
  if (!is_whole || !is_closed) std::perror(path.c_str());
  return is_whole && is_closed;
}

bool write_all(const std::string& folder) {
  const std::string_view version = build_facts().version;
  const std::string man = folder + "/man/man1/";
  const std::string completions = folder + "/completions/";
  bool is_written = write(man + "hotline.1", program_man_page(version)) &&
                    write(completions + "hotline.bash", bash_completion()) &&
                    write(completions + "_hotline", zsh_completion()) &&
                    write(completions + "hotline.fish", fish_completion());
  for (const Subcommand& each : make_subcommands()) {
    is_written =
        is_written && write(man + "hotline-" + each.name + ".1", man_page_of(each, version));
  }
  return is_written;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    std::fputs("usage: write_pages FOLDER\n", stderr);
    return 2;
  }
  return write_all(arguments[1]) ? 0 : 1;
}
