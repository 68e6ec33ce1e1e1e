namespace IlqrVae.Benchmarking.SelfTest;

/// <summary>Whether this machine computes what it should: all that can be checked in a minute without data.</summary>
public static class SelfChecks
{
    /// <summary>Runs all checks, each as it is asked for.</summary>
    /// <param name="program">The assembly of the program that answers with <see cref="Values"/>, or the program that has it inside; empty to leave out what takes processes of its own.</param>
    /// <param name="arguments">An argument and a variable of the environment by which it does.</param>
    public static IEnumerable<SelfCheck> Run(string program, (string Argument, string Variable) arguments) =>
        FixtureChecks.Run()
            .Concat(DifferenceChecks.Run())
            .Concat(KalmanChecks.Run())
            .Concat(KernelChecks.Run())
            .Concat(NarrowRegisters.Run(program, arguments))
            .Concat(TrainingChecks.Run());

    /// <summary>What a process of narrower registers prints to be compared.</summary>
    public static string Values() => NarrowRegisters.Values();
}
