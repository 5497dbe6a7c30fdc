#include "proxy/processes/process_directory.hpp"

#include "proxy/processes/process_desk.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <utility>

namespace pgweir::proxy {

void process_directory::join(std::size_t worker, io::loop& loop, process_desk& desk) {
  const std::lock_guard lock{mutex_};
  seats_[worker] = {&loop, &desk};
}

void process_directory::leave(std::size_t worker) {
  const std::lock_guard lock{mutex_};
  seats_[worker] = {};
}

bool process_directory::post(std::size_t worker, std::function<void(process_desk&)> work) {
  const std::lock_guard lock{mutex_};
  if (worker >= seats_.size()) return false;
  const auto [loop, desk] = seats_[worker];
  if (desk == nullptr) return false;
  boost::asio::post(loop->context, [desk = desk, work = std::move(work)] { work(*desk); });
  loop->poll.wake();
  return true;
}

void process_directory::backend_ended(std::uint64_t backend, const std::string& said) {
  for (std::size_t i = 0; i < seats_.size(); ++i)
    post(i, [backend, said](process_desk& desk) { desk.backend_ended(backend, said); });
}

}  // namespace pgweir::proxy
