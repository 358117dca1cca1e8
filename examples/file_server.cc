// Files: keeps those of alice below a directory, over a UNIX socket that only its owner can call.
// She sees whole files only, cannot leave her home, and has a quota.
//
//   file_server ROOT [ENDPOINT]        default unix:///tmp/hotline-files.sock, for us alone
#include <filesystem>
#include <iostream>

#include "hotline/hotline.h"

int report(const hotline::Error& error) {
  std::cerr << "error: " << error.message_with_hint() << '\n';
  return 1;
}

int main(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "usage: file_server ROOT [ENDPOINT]      ROOT is a directory with mode 700\n";
    return 2;
  }
  const std::string root = std::filesystem::absolute(argv[1]);
  auto users = hotline::FileUserList::open(root);
  if (!users) return report(users.error());
  if (users->users().empty()) {
    const auto added = users->add("alice", {.quota = "1GiB"});
    if (!added) return report(added.error());
  }
  const auto files = hotline::files_handler({.root = root, .user = "alice"});
  if (!files) return report(files.error());
  return hotline::serve(argc > 2 ? argv[2] : "unix:///tmp/hotline-files.sock?mode=600", *files);
}
