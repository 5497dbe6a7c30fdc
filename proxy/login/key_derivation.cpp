#include "proxy/login/key_derivation.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>
#include <memory>
#include <utility>

namespace pgweir::login {

namespace asio = boost::asio;

namespace {

constexpr auto use_tuple = asio::as_tuple(asio::use_awaitable);

// Shared by the coroutine and the thread. Only the caller's executor touches `done` and `finished`; the
// thread writes `keys` before it posts there. So the coroutine's frame never leaves its own thread, and may
// end before the work.
struct pending {
  pending(const asio::any_io_executor& executor, const auth::key_derivation& of) : done(executor), job(of) {}

  asio::steady_timer done;  // never expires: cancelled when the keys are there
  bool finished = false;
  const auth::key_derivation job;
  std::optional<auth::scram_keys> keys;
};

void run(auth::verifier_cache& cache, pending& work) {
  try {
    work.keys = cache.derive(work.job);
  } catch (const std::exception&) {
    work.keys.reset();
  }
}

void finish(pending& work) {
  work.finished = true;
  work.done.cancel();
}

}  // namespace

asio::awaitable<std::optional<auth::scram_keys>> derive_on(asio::thread_pool& pool,
                                                           auth::verifier_cache& keys,
                                                           const auth::key_derivation& job) {
  const auto executor = co_await asio::this_coro::executor;
  auto work = std::make_shared<pending>(executor, job);
  work->done.expires_at(asio::steady_timer::time_point::max());
  asio::post(pool, [executor, work, &keys]() mutable {
    run(keys, *work);
    asio::post(executor, [work = std::move(work)] { finish(*work); });
  });
  while (!work->finished) {
    const auto [error] = co_await work->done.async_wait(use_tuple);
    if (!error) break;
  }
  co_return work->keys;
}

}  // namespace pgweir::login
