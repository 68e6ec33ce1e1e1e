namespace IlqrVae.Benchmarking.SelfTest;

/// <summary>One thing that was computed here and is known otherwise.</summary>
/// <param name="Kind">What it is a check of.</param>
/// <param name="Name">What was computed.</param>
/// <param name="Deviation">How far it is from what it should be.</param>
/// <param name="Allowed">How far it may be.</param>
public sealed record SelfCheck(string Kind, string Name, double Deviation, double Allowed)
{
    /// <summary>Whether it is near enough; what is not a number is not.</summary>
    public bool IsPassed => Deviation <= Allowed;
}
