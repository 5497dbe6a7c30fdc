// pool/io/loop.hpp - what one worker's connections share: the poller, timers, recycled memory, a read buffer.
// Owned by the worker, outlives its connections. Thread rule: the worker's thread.
#pragma once

#include "pool/io/buffer_cache.hpp"
#include "pool/io/poller.hpp"
#include "pool/io/timers.hpp"

#include <memory>
#include <span>

namespace pgweir::io {

class loop {
 public:
  // Bytes that one read may bring. Large enough that a big result costs few system calls.
  static constexpr std::size_t read_size = 128 * 1024;

  explicit loop(boost::asio::io_context& owner)
      : context(owner), poll(owner), timer(owner), read_buffer_(std::make_unique<std::byte[]>(read_size)) {}

  // Scratch space for the read that is being delivered; nobody keeps a view into it.
  std::span<std::byte> read_buffer() { return {read_buffer_.get(), read_size}; }

  boost::asio::io_context& context;
  // Before the poller: what the poller destroys last still gives its blocks back.
  buffer_cache buffers;
  poller poll;
  timers timer;

 private:
  std::unique_ptr<std::byte[]> read_buffer_;
};

}  // namespace pgweir::io
