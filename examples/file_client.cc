// Files: puts one to a server, lists what is there, gets it back and compares.
//
//   file_client FILE [ENDPOINT]        default unix:///tmp/hotline-files.sock
#include <fstream>
#include <iostream>

#include "hotline/hotline.h"

int report(const hotline::Error& error) {
  std::cerr << "error: " << error.message_with_hint() << '\n';
  return 1;
}

int main(int argc, char** argv) {
  const std::string name = argc > 1 ? argv[1] : "";
  const auto path = hotline::FilePath::parse(name);
  if (!path || path->depth() != 1) {
    std::cerr << "usage: file_client FILE [ENDPOINT]      FILE is in this directory\n";
    return 2;
  }
  auto call = hotline::connect(argc > 2 ? argv[2] : "unix:///tmp/hotline-files.sock");
  if (!call) return report(call.error());
  auto client = hotline::FileClient::open(std::move(*call));
  if (!client) return report(client.error());
  const auto here = hotline::Directory::open(".");
  if (!here) return report(here.error());

  auto upload = hotline::FileUpload::open(*here, name, {.path = *path});
  if (!upload) return report(upload.error());
  const auto put = upload->run(*client);  // Also goes on with an upload that was cut off.
  if (!put) return report(put.error());
  const auto listed = client->list({});
  if (!listed) return report(listed.error());
  for (const auto& each : *listed) std::cout << each.path.text() << ' ' << each.meta.size << '\n';
  hotline::FileDownload download(*here, name + ".copy", {.path = *path});
  if (const auto got = download.run(*client); !got) return report(got.error());
  std::ifstream mine(name), back(name + ".copy");
  const std::istreambuf_iterator<char> a(mine), b(back), end;
  std::cout << (std::equal(a, end, b, end) ? "it came back as it was\n" : "it has changed\n");
}
