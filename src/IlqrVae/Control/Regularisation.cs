namespace IlqrVae.Control;

/// <summary>
/// mu, the Levenberg-Marquardt regularisation: factors are then those of the Hessian plus mu times the priors' curvature. It rises ever faster, as the
/// schedules of Nielsen (1999) and of Tassa, Erez and Todorov (2012) do, and falls to nothing where steps are good.
/// </summary>
internal sealed class Regularisation
{
    /// <summary>The least mu that is not zero.</summary>
    internal const double Least = 1e-2;

    /// <summary>The largest: beyond it steps are no longer than rounding.</summary>
    internal const double Largest = 1e14;

    /// <summary>By what mu grows, doubled each time; and by what it falls.</summary>
    private const double FirstGrowth = 2;
    private const double Fall = 5;

    private double _growth;

    /// <summary>mu.</summary>
    public double Value { get; private set; }

    /// <summary>Whether mu is zero.</summary>
    public bool IsOff => Value == 0;

    /// <summary>No regularisation, as at the start of a solve.</summary>
    public void Reset() => (Value, _growth) = (0, FirstGrowth);

    /// <summary>No regularisation, but as steep a rise as before if it should be needed again.</summary>
    public void Drop() => Value = 0;

    /// <summary>More of it.</summary>
    /// <returns>False when there is nothing left to raise.</returns>
    public bool TryRaise()
    {
        if (Value >= Largest)
        {
            return false;
        }

        _growth *= 2;
        Value = Math.Clamp(Value * _growth, Least, Largest);
        return true;
    }

    /// <summary>Less of it.</summary>
    /// <returns>Whether that changed anything.</returns>
    public bool Lower()
    {
        _growth = FirstGrowth;
        if (Value == 0)
        {
            return false;
        }

        Value = Value < Fall * Least ? 0 : Value / Fall;
        return true;
    }
}
