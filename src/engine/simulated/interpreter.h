#pragma once

#include "engine/operation.h"
#include "engine/simulated/descriptor_table.h"
#include "engine/simulated/program.h"
#include "engine/simulated/universe.h"

namespace hotline::engine {

class Accept;
class Connect;
class Engine;
class Receive;
class Send;
class SendFile;
class SendVectored;

/// Performs each operation on the simulated kernel without waiting. Returns a count, a descriptor,
/// a negated errno, or -EAGAIN if it would have to wait. Injects faults where the system call
/// itself would fail.
class Interpreter {
 public:
  Interpreter(Universe& universe, DescriptorTable& descriptors, Engine& engine)
      : universe_(universe), descriptors_(descriptors), engine_(engine) {}

  int attempt(Operation& operation, Program& program);

 private:
  int perform(Operation& operation, Node& node, Program& program);
  int accept(Node& node, Program& program);
  int connect(Node& node, const Connect& operation);
  int receive(Node& node, Receive& operation);
  int send(Node& node, Bytes bytes);
  int send_vectored(Node& node, const SendVectored& operation);
  int send_file(Node& node, const SendFile& operation);
  void note_bytes(const Operation& operation, std::size_t count);
  int strike(Operation::Kind kind, Program& program);
  int strike_accept(Program& program);
  std::size_t shortened(Fault fault, std::size_t size, std::string_view host);

  Universe& universe_;
  DescriptorTable& descriptors_;
  Engine& engine_;
};

}  // namespace hotline::engine
