#:project ../src/IlqrVae.Reports/IlqrVae.Reports.csproj

// Draws packaging/icon.png, the picture of the packages: a path of the Lorenz attractor. `dotnet run packaging/icon.cs -- packaging/icon.png`
using IlqrVae.Numerics;
using IlqrVae.Simulation;
using SkiaSharp;

const int Side = 128;
var random = new CounterRandom(3, 0);
var states = LorenzSystem.Simulate(700, ref random);
using var bitmap = new SKBitmap(Side, Side);
using var canvas = new SKCanvas(bitmap);
canvas.Clear(SKColors.Transparent);
using var ground = new SKPaint { Color = new SKColor(0x10, 0x2A, 0x43), IsAntialias = true };
canvas.DrawRoundRect(0, 0, Side, Side, 24, 24, ground);
for (var t = 1; t < states.Bins; t++)
{
    var share = (float)t / states.Bins;
    using var line = new SKPaint { Color = SKColor.FromHsv(200 - (160 * share), 70, 95), StrokeWidth = 2.2f, IsAntialias = true, StrokeCap = SKStrokeCap.Round };
    canvas.DrawLine(Place(t - 1), Place(t), line);
}

using var image = SKImage.FromBitmap(bitmap);
using var encoded = image.Encode(SKEncodedImageFormat.Png, 100);
using var file = File.Create(args.Length > 0 ? args[0] : "icon.png");
encoded.SaveTo(file);

SKPoint Place(int t)
{
    var row = states.Row(t);
    return new((float)((Side / 2) + (23 * row[0])), (float)((Side / 2) - (22 * row[2])));
}
