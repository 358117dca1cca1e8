#pragma once

#include <string>
#include <vector>

#include "link.h"
#include "options.h"
#include "server_probe.h"
#include "text.h"

namespace bench {

// Opens connections and leaves them alone, to see what an idle one costs the server.
class IdleLoad {
 public:
  explicit IdleLoad(const Options& options);

  // The result, one JSON object on one line.
  std::string run();

 private:
  void open_all();
  void speak_all();
  void exchange(Link& link, std::size_t index);
  double each(std::uint64_t resident) const;

  const Options& options_;
  Opener opener_;
  ServerProbe server_;
  Text text_;
  std::vector<char> buffer_;
  std::vector<Link> connections_;
  std::uint64_t resident_before_ = 0;
};

}  // namespace bench
