#include "proxy/login/login_stream.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <array>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <optional>
#include <sys/socket.h>
#include <utility>

namespace pgweir::login {

namespace asio = boost::asio;

namespace {

constexpr std::size_t read_chunk = 1024;
constexpr int max_discarded_chunks = 128;
constexpr auto use_tuple = asio::as_tuple(asio::use_awaitable);

stream_status ending(io::io_status status) {
  return status == io::io_status::closed ? stream_status::closed : stream_status::broken;
}

// A client without TCP_NODELAY sends its startup packet only when the end of its handshake is acknowledged,
// and there is no answer that would carry the acknowledgement: without this each such login lasts 40 ms
// longer.
void acknowledge_now(int descriptor) {
  const int on = 1;
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
}

bool must_wait(io::io_status status) {
  return status == io::io_status::want_read || status == io::io_status::want_write;
}

}  // namespace

struct login_stream::deadline {
  explicit deadline(const asio::any_io_executor& executor) : timer(executor) {}

  bool is_over() const { return expired || (at && asio::steady_timer::clock_type::now() >= *at); }

  asio::steady_timer timer;
  std::optional<asio::steady_timer::time_point> at;
  asio::posix::stream_descriptor* waiting =
      nullptr;  // null before the first wait, and once the stream has gone
  bool expired = false;
};

login_stream::login_stream(const asio::any_io_executor& executor, int descriptor,
                           std::chrono::milliseconds limit)
    : transport_(io::transport::own(descriptor)),
      descriptor_(executor),
      deadline_(std::make_shared<deadline>(executor)) {
  if (limit.count() > 0) deadline_->at = asio::steady_timer::clock_type::now() + limit;
}

// A login whose bytes are all here already never waits: then neither the descriptor nor the timer is
// registered.
void login_stream::watch() {
  if (descriptor_.is_open()) return;
  boost::system::error_code unused;  // a descriptor that cannot be watched fails in each wait
  descriptor_.assign(transport_.descriptor(), unused);
  if (!deadline_->at) return;
  deadline_->waiting = &descriptor_;
  deadline_->timer.expires_at(*deadline_->at);
  deadline_->timer.async_wait([state = deadline_](const boost::system::error_code& error) {
    if (error || state->waiting == nullptr) return;
    state->expired = true;
    state->waiting->cancel();
  });
}

login_stream::~login_stream() { release(); }

std::string login_stream::take_buffered() {
  if (input_.empty()) return {};  // keeps the allocation from following an idle session
  return std::move(input_);
}

bool login_stream::timed_out() const { return deadline_->is_over(); }

asio::awaitable<stream_status> login_stream::ready(io::io_status wanted) {
  if (timed_out()) co_return stream_status::timed_out;
  watch();
  const auto direction = wanted == io::io_status::want_write ? asio::posix::stream_descriptor::wait_write
                                                             : asio::posix::stream_descriptor::wait_read;
  const auto [error] = co_await descriptor_.async_wait(direction, use_tuple);
  if (timed_out()) co_return stream_status::timed_out;
  co_return error ? stream_status::broken : stream_status::ok;
}

asio::awaitable<stream_status> login_stream::fill(std::size_t n) {
  std::array<std::byte, read_chunk> chunk;
  while (input_.size() < n) {
    const auto got = transport_.read(chunk);
    if (got.status == io::io_status::ok) {
      input_.append(wire::as_text(std::span<const std::byte>(chunk).first(got.bytes)));
      continue;
    }
    if (!must_wait(got.status)) co_return ending(got.status);
    const auto waited = co_await ready(got.status);
    if (waited != stream_status::ok) co_return waited;
  }
  co_return timed_out() ? stream_status::timed_out : stream_status::ok;
}

asio::awaitable<stream_status> login_stream::send(std::string_view bytes) {
  auto rest = wire::as_bytes(bytes);
  while (!rest.empty()) {
    const auto sent = transport_.write(rest);
    if (sent.status == io::io_status::ok) {
      rest = rest.subspan(sent.bytes);
      continue;
    }
    if (!must_wait(sent.status)) co_return ending(sent.status);
    const auto waited = co_await ready(sent.status);
    if (waited != stream_status::ok) co_return waited;
  }
  co_return stream_status::ok;
}

asio::awaitable<stream_status> login_stream::accept_tls(ssl_ctx_st* context) {
  if (!transport_.start_tls(context)) co_return stream_status::broken;
  for (;;) {
    const auto done = transport_.handshake();
    if (done.status == io::io_status::ok) {
      acknowledge_now(transport_.descriptor());
      co_return stream_status::ok;
    }
    if (!must_wait(done.status)) co_return ending(done.status);
    const auto waited = co_await ready(done.status);
    if (waited != stream_status::ok) co_return waited;
  }
}

io::transport login_stream::release() {
  deadline_->waiting = nullptr;
  deadline_->timer.cancel();
  if (descriptor_.is_open()) descriptor_.release();
  return std::move(transport_);
}

void login_stream::discard_input() {
  std::array<std::byte, read_chunk> chunk;
  for (int i = 0; i < max_discarded_chunks; ++i) {
    if (transport_.read(chunk).status != io::io_status::ok) return;
  }
}

}  // namespace pgweir::login
