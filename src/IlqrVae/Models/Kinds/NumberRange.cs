namespace IlqrVae.Models.Kinds;

/// <summary>Which numbers a setting takes.</summary>
/// <param name="Least">The lower end.</param>
/// <param name="HasLeast">Whether the lower end is allowed itself.</param>
/// <param name="Most">The upper end.</param>
/// <param name="HasMost">Whether the upper end is allowed itself.</param>
public readonly record struct NumberRange(double Least, bool HasLeast, double Most, bool HasMost)
{
    /// <summary>Every finite number.</summary>
    public static NumberRange Any { get; } = Above(double.NegativeInfinity);

    /// <summary>Numbers above zero.</summary>
    public static NumberRange Positive { get; } = Above(0);

    /// <summary>Numbers above a bound.</summary>
    /// <param name="least">The bound.</param>
    public static NumberRange Above(double least) => new(least, false, double.PositiveInfinity, false);

    /// <summary>Numbers from a bound.</summary>
    /// <param name="least">The bound.</param>
    public static NumberRange From(double least) => new(least, true, double.PositiveInfinity, false);

    /// <summary>The same range with an upper end that is not allowed itself.</summary>
    /// <param name="most">The bound.</param>
    public NumberRange Below(double most) => this with { Most = most, HasMost = false };

    /// <summary>The same range with an upper end that is allowed itself.</summary>
    /// <param name="most">The bound.</param>
    public NumberRange UpTo(double most) => this with { Most = most, HasMost = true };

    /// <summary>Whether a number lies in the range.</summary>
    /// <param name="value">The number.</param>
    public bool Contains(double value) => double.IsFinite(value) && (HasLeast ? value >= Least : value > Least) && (HasMost ? value <= Most : value < Most);
}
