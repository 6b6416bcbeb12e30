// Words of the copier in ours.
using Berth.Images.Copying;

namespace Berth.Engine.Images;

/// <summary>Hands on what a copy reports, at once and on the thread that reports it.</summary>
internal sealed class Forward(IProgress<TransferProgress> to) : IProgress<CopyProgress>
{
    public static Forward? To(IProgress<TransferProgress>? to) => to is null ? null : new Forward(to);

    public void Report(CopyProgress value) => to.Report(new TransferProgress(value.Blob.Digest, value.Blob.MediaType, value.Blob.Size, value.Stage switch
    {
        BlobStage.Reused => TransferStage.Reused,
        BlobStage.Done => TransferStage.Done,
        _ => TransferStage.Moving,
    }, value.Moved));
}
