using IlqrVae.Control;

namespace IlqrVae.Inference;

/// <summary>MAP inputs of a trial that were found before.</summary>
/// <param name="Variables">The decision variables: the initial state's n numbers, then the inputs' m for each step (of autoregressive inputs their innovations).</param>
/// <param name="Report">How the search for them ended.</param>
public sealed record KnownSolution(double[] Variables, SolveReport Report);
