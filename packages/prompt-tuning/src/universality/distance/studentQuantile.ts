/**
 * The t > 0 with $P(|T| \le t) = \mathrm{confidence}$ for Student's T with nu degrees of freedom, by bisection of the closed form of that
 * probability in $\theta = \arctan(t / \sqrt\nu)$ (Abramowitz and Stegun, 26.7.3 and 26.7.4).
 *
 * @param nu - an integer >= 1
 * @param confidence - in (0, 1)
 */
export function studentQuantile(nu: number, confidence: number): number {
  let [low, high] = [0, Math.PI / 2];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (within(middle, nu) < confidence) low = middle;
    else high = middle;
  }
  return Math.sqrt(nu) * Math.tan(high);
}

function within(theta: number, nu: number): number {
  const [sine, square] = [Math.sin(theta), Math.cos(theta) ** 2];
  const odd = nu % 2 === 1;
  let term = odd ? Math.cos(theta) : 1;
  let sum = 0;
  for (let k = odd ? 1 : 0; k <= nu - 2; k += 2) {
    sum += term;
    term *= ((k + 1) / (k + 2)) * square;
  }
  return odd ? (2 / Math.PI) * (theta + sine * sum) : sine * sum;
}
