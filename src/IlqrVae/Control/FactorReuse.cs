namespace IlqrVae.Control;

/// <summary>
/// Whether the Riccati factors of an iterate serve the next one as well. As a preconditioner they need not be exact, and a backward pass costs as much
/// as many products with the Hessian.
/// </summary>
internal sealed class FactorReuse
{
    /// <summary>After a Gauss-Newton step they serve on if it decreased the cost by what they said, within this share of it.</summary>
    private const double FaithfulDecrease = 0.3;

    /// <summary>After a Newton step they serve on if its conjugate gradients took no more products than this.</summary>
    private const int PatientProducts = 20;

    /// <summary>In any case, no direction may have been met with less curvature than this share of what they say.</summary>
    private const double FaithfulQuotient = 0.1;

    /// <summary>They serve no more iterates than this.</summary>
    private const int PatientIterations = 6;

    private int _age;

    /// <summary>Whether they serve the present iterate.</summary>
    public bool AreUsable { get; private set; }

    /// <summary>Whether they are those of the present iterate.</summary>
    public bool AreFresh { get; private set; }

    /// <summary>The smallest curvature met since they were made, as a share of what they say.</summary>
    public double SmallestQuotient { get; private set; }

    /// <summary>They no longer serve.</summary>
    public void Discard() => AreUsable = false;

    /// <summary>They have been made anew.</summary>
    public void Renew()
    {
        AreUsable = true;
        AreFresh = true;
        SmallestQuotient = 1;
        _age = 0;
    }

    /// <summary>A step away from where they were usable.</summary>
    /// <param name="step">The step.</param>
    /// <param name="achieved">The decrease of the cost over the decrement before it.</param>
    /// <param name="result">How the conjugate gradients ended, by default where there were none.</param>
    /// <param name="smallestQuotient">The smallest curvature that these met, as a share of what the factors say.</param>
    /// <param name="isRegularised">Whether the factors were regularised.</param>
    /// <param name="isPlain">Whether every step is to be a Gauss-Newton one, with factors of its own.</param>
    public void Age(double step, double achieved, ConjugateGradientResult result, double smallestQuotient, bool isRegularised, bool isPlain)
    {
        AreFresh = false;
        _age++;
        var isNewton = result.Iterations > 0;
        SmallestQuotient = Math.Min(SmallestQuotient, isNewton ? smallestQuotient : FaithfulQuotient);
        var keptTheirWord = isNewton
            ? result.Status == ConjugateGradientStatus.Converged && result.Iterations <= PatientProducts
            : !isPlain && Math.Abs(achieved - 1) < FaithfulDecrease;
        AreUsable = step == 1 && !isRegularised && _age <= PatientIterations && SmallestQuotient >= FaithfulQuotient && keptTheirWord;
    }
}
