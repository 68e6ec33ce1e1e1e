namespace IlqrVae.Control;

/// <summary>
/// When a solve is over: where half the squared Newton decrement, an estimate of J - J* that does not depend on the scaling of states or inputs, is below the
/// tolerance (Boyd and Vandenberghe, 9.5), or where rounding hides what is left.
/// </summary>
internal static class Ending
{
    /// <summary>How far below the tolerance a decrement must be in the metric of earlier factors: they may overrate curvature in directions not met.</summary>
    private const double Caution = 10;

    /// <summary>Roundings of the cost, relative to its size, below which a decrease cannot be seen.</summary>
    private const double Roundings = 50;

    /// <summary>A decrement that has not fallen to this share of the one before has stopped falling.</summary>
    private const double Progress = 0.5;

    /// <summary>What rounding allows to see of a cost. Below it, the cost cannot judge a step, but the decrement can: while it halves, go on.</summary>
    /// <param name="cost">J in nats.</param>
    /// <param name="machineEpsilon">That of the precision.</param>
    public static double Visible(double cost, double machineEpsilon) => Roundings * machineEpsilon * (1 + Math.Abs(cost));

    /// <summary>Whether the decrement still falls.</summary>
    /// <param name="decrement">The decrement.</param>
    /// <param name="previous">The one before; infinite where there is none to compare with.</param>
    public static bool HasStopped(double decrement, double previous) => decrement > Progress * previous;

    /// <summary>
    /// Whether the decrement is below the tolerance. Regularised factors M + mu P are at most (1 + mu) M, so that the decrement without regularisation is at
    /// most 1 + mu times as large. Factors of an earlier iterate may overrate the Hessian here, by as much as the conjugate gradients found and more.
    /// </summary>
    /// <param name="decrement">The decrement in nats.</param>
    /// <param name="tolerance">The tolerance in nats.</param>
    /// <param name="factors">Whose metric it was measured in.</param>
    /// <param name="regularisation">mu.</param>
    public static bool IsBelow(double decrement, double tolerance, FactorReuse factors, Regularisation regularisation)
    {
        var flattery = factors.AreFresh ? 1 + regularisation.Value : Caution / factors.SmallestQuotient;
        return flattery * decrement <= tolerance;
    }

    /// <summary>Whether the solve has converged.</summary>
    /// <param name="decrement">The decrement in nats.</param>
    /// <param name="previous">The one before.</param>
    /// <param name="visible">What can be seen of the cost.</param>
    /// <param name="tolerance">The tolerance in nats.</param>
    /// <param name="factors">Whose metric the decrement was measured in.</param>
    /// <param name="regularisation">mu.</param>
    public static bool HasConverged(double decrement, double previous, double visible, double tolerance, FactorReuse factors, Regularisation regularisation)
        => IsBelow(decrement, tolerance, factors, regularisation)
            || (factors.AreFresh && regularisation.IsOff && decrement <= visible && HasStopped(decrement, previous));

    /// <summary>Whether the cost cannot tell any more what regularisation is good for.</summary>
    /// <param name="decrement">The decrement in nats.</param>
    /// <param name="visible">What can be seen of the cost.</param>
    /// <param name="factors">Whose metric the decrement was measured in.</param>
    /// <param name="regularisation">mu.</param>
    public static bool HidesRegularisation(double decrement, double visible, FactorReuse factors, Regularisation regularisation)
        => factors.AreFresh && !regularisation.IsOff && (1 + regularisation.Value) * decrement <= visible;
}
