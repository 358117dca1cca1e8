// Calls that talk to each other: each line of one caller goes to all the others. A caller that does
// not read 100 lines gets those, and then an end. Right under every word but `processes`.
//
//   chat_server [ENDPOINT [WORD]]          default tcp://127.0.0.1:8000 loops; then nc, twice
#include <mutex>

#include "hotline/hotline.h"

using Queue = hotline::Queue<std::string>;
constexpr auto kPatience = std::chrono::milliseconds(200);
std::mutex mutex;  // Never held across a wait, as a push is.
std::vector<std::shared_ptr<Queue>> room;

void say(const Queue& own, const std::string& line) {
  std::unique_lock lock(mutex);
  std::erase_if(room, [](const auto& each) { return each->is_closed(); });
  const auto queues = room;
  lock.unlock();
  for (const auto& each : queues)  // One that stays full is that of a caller that does not read.
    if (each.get() != &own && !each->push(line, hotline::deadline_after(kPatience))) each->close();
}

void chat(hotline::Stream& call) {
  hotline::FrameStream lines(call, {.kind = hotline::Framing::Kind::lines});
  const auto queue = std::make_shared<Queue>(100);
  std::unique_lock lock(mutex);
  room.push_back(queue);
  lock.unlock();
  hotline::TaskGroup tasks;
  const auto writes = tasks.spawn("write", [&] {
    while (const auto line = queue->pop())
      if (!lines.write_frame(hotline::as_bytes(*line))) break;
    tasks.cancel();  // There is nothing more to write, so nothing is read either.
  });
  const auto reads = tasks.spawn("read", [&] {
    while (const auto line = lines.read_frame()) say(*queue, std::string(hotline::as_text(*line)));
    queue->close();  // What is in it is still written.
  });
  if (writes && reads) hotline::discard(tasks.join());
}

int main(int argc, char** argv) {
  const auto word = hotline::Concurrency::parse(argc > 2 ? argv[2] : "loops").value();
  return hotline::serve(argc > 1 ? argv[1] : "tcp://127.0.0.1:8000", chat, {.concurrency = word});
}
