"""Exact money: half up rounding, sharing out without losing a penny, and the words for amounts. Whole numbers only."""


def half_up(numerator: int, denominator: int) -> int:
    """The whole number nearest to numerator / denominator, half up of the absolute value (2.2).

    Raises ValueError unless the denominator is positive.
    """
    if denominator <= 0:
        raise ValueError(f"the denominator must be positive, not {denominator}")
    if numerator < 0:
        return -((denominator - 2 * numerator) // (2 * denominator))
    return (2 * numerator + denominator) // (2 * denominator)


def part_week(amount: int, days: int) -> int:
    """A week's amount for some of its days: amount x days / 7, in the amount's own unit, half up (2.2)."""
    return half_up(amount * days, 7)


def hours(minutes: int) -> int:
    """Hundredths of an hour from minutes, half up (2.3): 183 minutes are 305."""
    return half_up(minutes * 5, 3)


def apportion(amount: int, weights: list[int]) -> list[int]:
    """Shares of an amount by weight, in its own unit; they add up to it exactly.

    What rounding down leaves over goes one by one to the largest remainders, the earlier share first.
    Raises ValueError where no weight is above 0 or one is below.
    """
    whole = sum(weights)
    if whole <= 0 or min(weights) < 0:
        raise ValueError("weights must be 0 or more and at least one above 0")
    size, sign = abs(amount), -1 if amount < 0 else 1
    shares = [size * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: -(size * weights[i] % whole))
    for i in by_remainder[: size - sum(shares)]:
        shares[i] += 1
    return [sign * share for share in shares]


def pounds(pence: int) -> str:
    """`£1,204.50` from 120450 pence; `-£0.05` below nothing."""
    whole, rest = divmod(abs(pence), 100)
    return f"{'-' if pence < 0 else ''}£{whole:,}.{rest:02d}"


def unit_price(rate: int) -> str:
    """`£16.16` or `£23.226` from ten-thousandths of a pound: at least two decimals, no idle zeros after them."""
    whole, rest = divmod(abs(rate), 10_000)
    digits = f"{rest:04d}"
    return f"{'-' if rate < 0 else ''}£{whole:,}.{digits[:2]}{digits[2:].rstrip('0')}"


def number(hundredths: int) -> str:
    """`14`, `3.5` or `0.25` from hundredths, without idle zeros."""
    whole, rest = divmod(abs(hundredths), 100)
    tail = f".{rest:02d}".rstrip("0").rstrip(".")
    return f"{'-' if hundredths < 0 else ''}{whole}{tail}"
