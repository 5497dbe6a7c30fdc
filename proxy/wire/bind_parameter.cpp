#include "proxy/wire/bind_parameter.hpp"

#include "proxy/wire/process_sites.hpp"
#include "proxy/wire/writer.hpp"

#include <vector>

namespace pgweir::wire {
namespace {

constexpr std::int32_t null_length = -1;

}  // namespace

std::optional<bind_parameter> find_parameter(bytes_view body, std::size_t number) {
  cursor in{body};
  in.c_string();
  in.c_string();
  std::vector<std::uint16_t> formats(in.u16());
  for (auto& one : formats) one = in.u16();
  const auto count = in.u16();
  if (!in.ok() || number == 0 || number > count) return std::nullopt;
  for (std::size_t i = 1;; ++i) {
    bind_parameter found{.at = body.size() - in.rest().size()};
    const auto length = in.i32();
    if (length != null_length) found.value = in.take(static_cast<std::uint32_t>(length));
    if (!in.ok()) return std::nullopt;
    if (i < number) continue;
    if (length == null_length) return std::nullopt;
    // One format may stand for all of them, and none for text.
    const auto format = formats.size() == 1 ? formats[0] : number <= formats.size() ? formats[number - 1] : 0;
    found.is_binary = format == 1;
    return found;
  }
}

std::optional<std::int32_t> read_process_id(const bind_parameter& from) {
  if (!from.is_binary) return read_process_id(as_text(from.value));
  cursor in{from.value};
  const bool is_wide = from.value.size() == 8;
  if ((!is_wide && from.value.size() != 4) || (is_wide && in.u32() != 0)) return std::nullopt;
  const auto read = in.i32();
  return read > 0 ? std::optional{read} : std::nullopt;
}

std::string encode_process_id(std::int32_t process_id, const bind_parameter& like) {
  std::string out;
  writer to{out};
  if (!like.is_binary) {
    const auto digits = std::to_string(process_id);
    to.u32(static_cast<std::uint32_t>(digits.size())).raw(digits);
    return out;
  }
  to.u32(static_cast<std::uint32_t>(like.value.size()));
  if (like.value.size() == 8) to.u32(0);
  to.u32(static_cast<std::uint32_t>(process_id));
  return out;
}

}  // namespace pgweir::wire
